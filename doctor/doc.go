// Package doctor checks whether a store and Microsoft Graph have what an export needs.
//
// Store runs its checks on any bucket of Go CDK: whether the store answers, the rights of the
// credentials, and the behaviour that a repository relies on. A repository needs atomic
// conditional writes, reads that see earlier writes, exact ranges, complete and ordered listings,
// and canceled writes that leave nothing. The checks write below a prefix of their own and delete
// what they wrote. They also serve as a conformance test of a driver.
//
// Graph obtains a token and makes each call that an export makes, for one mailbox.
//
// Both return their results one by one, in the order in which the checks run. Each result names
// what was checked, what came of it, and what to do about a failure.
package doctor
