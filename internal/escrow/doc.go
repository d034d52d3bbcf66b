// Package escrow keeps what a vendor has answered and will not answer again, on
// this node's disk and encrypted, from when it comes until the database has it. An
// answer so outlives the process, the machine's crash, and an absent database.
//
// A process writes to segments of its own, which it locks for as long as it lives.
// Entries of the same moment share one sync of the disk. A segment is gone when
// each of its entries was applied; one that a dead process has left is taken up by
// whichever process finds it, at its start or while it runs. Applying may be
// repeated after a crash, and whoever applies sees to it that this changes nothing.
//
// It depends on jsonx alone.
package escrow
