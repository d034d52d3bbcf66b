// Package jobs does work in the background: a queue in the database, which any
// number of nodes work off together.
//
// A job is leased to one node at a time. The node renews the lease while it
// works; when it dies, another one takes the job over, and whatever the first
// one still writes is refused by the fence that grew with the second claim. A
// job may therefore begin more than once, and is finished once: workers are
// written so that they may be repeated.
//
// Jobs are enqueued in the transaction of the change that asks for them. Jobs of
// one concurrency key run after each other (or as many at once as their limit
// says), jobs of one unique key stand in line once.
//
// What is to be done again and again is a Schedule: whoever finds it due moves it on
// and enqueues its job in one transaction, so that each occurrence counts once.
//
// It depends on the vocabulary and retry; the database is the store's.
package jobs
