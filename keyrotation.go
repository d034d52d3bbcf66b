package sinew

// KeyRotation is an exchange of all data keys for new ones.
type KeyRotation struct {
	Number  int64
	Resumed bool // it was begun, and stopped, before
}

// KeyOwner is a team or an environment, which has a data key.
type KeyOwner struct {
	ID string
	// Rotation is the number of the exchange that its key came with.
	Rotation int64
}

// ResealPosition is how far a pass over all sealed values is. The zero position is
// the beginning, and the end.
type ResealPosition struct {
	Table int
	After string
}

// Resealed is what a step of such a pass came to.
type Resealed struct {
	Values int
	// Unreadable names the places whose value does not authenticate.
	Unreadable []string
}

// StoredBlob is a large value in the blob store.
type StoredBlob struct{ Key, EnvironmentID string }
