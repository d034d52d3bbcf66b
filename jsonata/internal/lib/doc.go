// Package lib is the function library of the language: strings, numbers,
// arrays, objects, higher-order functions, regular expressions, and the
// number, integer and date-time pictures.
//
// Functions follow the reference implementation in what they accept, return
// and fail with; the comments give the reasons where its behaviour surprises.
package lib
