// Package unified makes unified calls: one schema for the records of every
// integration of a category (spec 03 section 3).
//
// A call finds the mapping of its model, resource and method for the integration
// of its account, merged of the layers that have a say; maps the caller's query and
// body to the vendor's; calls the vendor through package proxy; and maps what comes
// back. What a mapping may say is the language of package mapping.
package unified
