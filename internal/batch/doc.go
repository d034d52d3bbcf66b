// Package batch runs several calls of one account in one request (spec 03 section
// 4.1): unified and proxy calls that follow their lists to the end, calls for each
// record of another, loops, recursion, and transforms in between.
package batch
