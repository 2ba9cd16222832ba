package bench

// A Store is a kind of store that a scenario hauls to.
type Store string

// The stores.
const (
	StoreNowhere Store = "nowhere" // packs are thrown away
	StoreFile    Store = "file"    // a directory
	StoreS3      Store = "s3"      // MinIO on this machine, or the S3 store given
)
