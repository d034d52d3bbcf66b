// Package wire reads and writes the texts that callers and vendors exchange
// with us, as far as they are not JSON: the query dialect of the npm package
// qs, the filter grammar of lists, and the cursors that lists hand out.
//
// A query is text; ParseQuery makes an ordered JSON object of it. A list query
// is such an object, or one from a JSON body; CompileList and CompileFilter
// turn it into a sinew.ListQuery with typed values, and say field by field
// what is wrong. A cursor is a place in a list, sealed for its list, filter
// and order.
//
// It depends on the vocabulary and on jsonx.
package wire
