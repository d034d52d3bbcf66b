// Package rotation exchanges the data keys of all teams and environments, while
// servers run.
//
// The words: a renewal gives an owner a new key beside the former one; from that
// moment the database refuses what the former one seals, so that nodes take up the new
// one with their next write. A pass then seals anew what is there. A former key is
// destroyed when a pass finds nothing of it any more.
//
// An exchange may be stopped anywhere and called again: it goes on under its number.
// It depends on blob and seal.
package rotation
