// Package mapping knows the language of unified mappings: the fields of a row's
// config (spec 03 section 3.7), how layers of them are merged, what is wrong with
// one, and the JSONata that an object of expressions stands for.
//
// It neither calls vendors nor stores anything.
package mapping
