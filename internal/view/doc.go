// Package view says how the vocabulary looks on the wire. Each type is one
// JSON object of the API: its tags name and describe every member, and the
// OpenAPI document is made from them. Answers and event payloads share it, so
// that an object reads the same wherever it appears.
//
// It knows the vocabulary and jsonx.
package view
