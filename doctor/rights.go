package doctor

import "context"

// probe is the object by which the rights are tried.
const (
	probeKey  = "probe"
	probeText = "mailhaul was here\n"
)

func (s *scratch) canList(ctx context.Context) error {
	_, err := s.list(ctx, "", "")
	return err
}

func (s *scratch) canCreate(ctx context.Context) error {
	return s.create(ctx, s.first(), probeKey, []byte(probeText))
}

func (s *scratch) canRead(ctx context.Context) error {
	return s.checkContent(ctx, s.first(), probeKey, []byte(probeText))
}

func (s *scratch) canDelete(ctx context.Context) error {
	const key = "deleted"
	if err := s.create(ctx, s.first(), key, []byte(probeText)); err != nil {
		return err
	}
	if err := s.delete(ctx, key); err != nil {
		return err
	}
	if _, err := s.read(ctx, s.first(), key); err == nil {
		return unexpected("read", key, nil)
	}
	return s.create(ctx, s.first(), key, []byte("again"))
}
