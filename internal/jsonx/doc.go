// Package jsonx is the one place that knows a JSON library. It offers ordered
// values whose numbers keep their source text, strict parsing with limits, an
// appending encoder, merge and path helpers, and the encoding of Go structs.
//
// A Value is one JSON value or Missing. Objects keep the order of their
// members; a number is text until somebody asks for a float, so 64-bit ids and
// prices survive a round trip.
//
// It depends on the JSON library only, and on nothing of ours.
package jsonx
