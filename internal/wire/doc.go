// Package wire reads and writes the texts that callers and vendors exchange
// with us: the query dialect of the npm package qs, the filter grammar of
// lists, the cursors that lists hand out, and the bodies of vendors' APIs.
//
// A query is text; ParseQuery makes an ordered JSON object of it. A list query
// is such an object, or one from a JSON body; CompileList and CompileFilter
// turn it into a sinew.ListQuery with typed values, and say field by field
// what is wrong. A cursor is a place in a list, sealed for its list, filter
// and order.
//
// EncodeBody writes a value as the body of a request, DecodeBody reads that of
// an answer; ResponseFormat tells which format it has, ToUTF8 which text it is,
// Decompress takes its content coding off. A MultipartReader reads the fields in
// front of uploaded files and passes the files on as they come.
//
// It depends on the vocabulary, jsonx, and the XML codec of the JSONata
// extensions.
package wire
