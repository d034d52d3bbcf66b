// Package obs is what operators see of the program: logs, request and trace
// ids, and metrics.
//
// A log entry carries the ids of its request without anybody passing them on.
// Before an entry is written, secrets are taken out of it: whole values under
// names such as "authorization", and whatever looks like a credential inside
// other text. Redaction is the last net, not the plan; code does not log
// secrets in the first place.
//
// Metrics live in a registry of their own. The package holds no state: loggers
// and metrics are values that the server package makes and hands out. It
// imports nothing of ours.
package obs
