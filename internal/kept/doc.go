// Package kept keeps in memory what calls need over and over, for as long as
// nothing has changed that it was made of, and not for long after its last use.
//
// What counts as a change is the caller's: each value is kept with the number of
// the state that it was made in (see store.Store.Generation), and is found again
// only in that state.
package kept
