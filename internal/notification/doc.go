// Package notification tells people of what needs their attention, by Slack and by
// e-mail: a webhook that is switched off, tokens that come and go, limits that are
// reached, and calls that fail.
//
// The words: a destination is where people are, a notice is something to tell. A
// notice is written with the change that it tells of, as a job for each destination
// that wants it, which sends it until it has been taken; so a notice arrives at least
// once. Failed calls are told of in summaries, one for a window of time, by a job that
// exists only for destinations that want them.
//
// It depends on jobs, mail, upstream, retry, view and jsonx.
package notification
