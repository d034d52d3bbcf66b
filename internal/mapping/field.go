package mapping

import "slices"

// The fields of a mapping's config.
const (
	FieldResource              = "resource"
	FieldMethod                = "method"
	FieldResponseMapping       = "response_mapping"
	FieldResponseMappingMethod = "response_mapping_method"
	FieldQuery                 = "query"
	FieldQueryMapping          = "query_mapping"
	FieldQuerySchema           = "query_schema"
	FieldRequestBodyMapping    = "request_body_mapping"
	FieldRequestBodySchema     = "request_body_schema"
	FieldBody                  = "body"
	FieldPathMapping           = "path_mapping"
	FieldRequestHeaderMapping  = "request_header_mapping"
	FieldResponseHeaderMapping = "response_header_mapping"
	FieldErrorMapping          = "error_mapping"
	FieldIsPartial             = "is_partial_expression"
	FieldBefore                = "before"
	FieldAfter                 = "after"
	FieldSideLoad              = "side_load"
	FieldFileUpload            = "file_upload"
	FieldStaticResponse        = "static_response"
	FieldDocumentationLink     = "documentation_link"
)

// The values of response_mapping_method.
const (
	PerPage = "array"
	PerItem = "item"
)

// The types of the steps around a call.
const (
	StepRequest   = "request"
	StepTransform = "transform"
)

// kind says what a field may hold.
type kind int

const (
	plainText     kind = iota
	target             // a name, or {expression, resources}
	expressions        // JSONata, or an object of it
	oneExpression      // JSONata
	template           // an object, whose texts may have placeholders
	schema             // an object that describes parameters
	steps
	sideLoads
	upload
	literal  // any JSON
	howOften // of response_mapping_method
)

// field is one field of the config.
type field struct {
	name string
	kind kind
	doc  string
}

// fields is the one list of what a config may say.
func fields() []field {
	return []field{
		{FieldResource, target, "The resource of the integration to call; the unified one's name if left out."},
		{FieldMethod, target, "The method of that resource; the unified one's name if left out."},
		{FieldResponseMapping, expressions, "Makes the unified record of the vendor's."},
		{FieldResponseMappingMethod, howOften, "Whether response_mapping sees one record or the page."},
		{FieldQuery, template, "Parameters that the vendor gets unless the mapping says otherwise."},
		{FieldQueryMapping, expressions, "Makes the vendor's parameters of the caller's."},
		{FieldQuerySchema, schema, "Describes the parameters of the caller."},
		{FieldRequestBodyMapping, expressions, "Makes the vendor's body of the caller's."},
		{FieldRequestBodySchema, schema, "Describes the body of the caller."},
		{FieldBody, template, "What the vendor's body holds unless the mapping says otherwise."},
		{FieldPathMapping, oneExpression, "The path to call, in place of that of the method."},
		{FieldRequestHeaderMapping, expressions, "Headers of the request."},
		{FieldResponseHeaderMapping, expressions, "Headers of the answer to the caller."},
		{FieldErrorMapping, expressions, "Makes the error that the caller sees of the vendor's."},
		{FieldIsPartial, oneExpression, "Whether the records of a page lack fields that get has."},
		{FieldBefore, steps, "Calls before the one that counts."},
		{FieldAfter, steps, "Calls after it."},
		{FieldSideLoad, sideLoads, "What else each record gets, by name."},
		{FieldFileUpload, upload, "How the files of a form are passed on."},
		{FieldStaticResponse, literal, "What is answered without asking the vendor."},
		{FieldDocumentationLink, plainText, "Where the vendor documents the method."},
	}
}

// find returns the field of a name.
func find(name string) (field, bool) {
	all := fields()
	if i := slices.IndexFunc(all, func(f field) bool { return f.name == name }); i >= 0 {
		return all[i], true
	}
	return field{}, false
}
