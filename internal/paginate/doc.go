// Package paginate knows how vendors page their lists: by number, offset,
// cursor, Link header, Range header or expressions (spec 02 section 5). A
// Strategy writes what a page needs into the vendor's request, and tells from
// the response where the next page is.
//
// Between two pages nothing is kept here: the place goes to the caller inside a
// sealed cursor.
//
// It depends on the definition of the method, on expression and jsonx.
package paginate
