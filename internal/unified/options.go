package unified

import (
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// The formats of an answer.
const (
	formatUnified    = "unified"
	formatNormalized = "normalized" // the same: see the decisions
	formatRaw        = "raw"
	formatStream     = "stream"
)

// The parameters of unified calls (spec 03 section 3.4).
const (
	paramFormat           = "truto_response_format"
	paramKeyBy            = "truto_key_by"
	paramIgnoreLimit      = "truto_ignore_limit"
	paramIgnoreRemoteData = "truto_ignore_remote_data"
	paramExclude          = "truto_exclude_fields"
	paramSuperQuery       = "truto_super_query"
	paramRemoteQuery      = "remote_query"
)

// options are what a caller asks of the platform, not of the vendor.
type options struct {
	format           string
	keyBy            string
	ignoreLimit      bool
	ignoreRemoteData bool
	exclude          [][]string
	remoteQuery      jsonx.Value
}

func readOptions(query jsonx.Value) (o options, err error) {
	r := optionReader{query: query}
	o.format = r.text(paramFormat)
	if o.format == "" || o.format == formatNormalized {
		o.format = formatUnified
	}
	switch o.format {
	case formatUnified, formatRaw, formatStream:
	default:
		r.fail(paramFormat, "enum", "must be unified, raw, normalized or stream")
	}
	o.keyBy = r.text(paramKeyBy)
	o.ignoreLimit, o.ignoreRemoteData = r.flag(paramIgnoreLimit), r.flag(paramIgnoreRemoteData)
	o.exclude = r.paths(paramExclude)
	if o.remoteQuery = query.Get(paramRemoteQuery); o.remoteQuery.Exists() && o.remoteQuery.Kind() != jsonx.Object {
		if o.remoteQuery.Str() != "" {
			r.fail(paramRemoteQuery, "type", "must be an object: write remote_query[name]=value")
		}
		o.remoteQuery = jsonx.Value{}
	}
	if r.text(paramSuperQuery) != "" {
		r.fail(paramSuperQuery, "unavailable", "needs data that a sync job has stored, and there is none: leave it out to ask the vendor")
	}
	if len(r.failures) > 0 {
		return o, sinew.Invalid(r.failures...)
	}
	return o, nil
}

type optionReader struct {
	query    jsonx.Value
	failures []sinew.Failure
}

func (r *optionReader) fail(name, code, message string) {
	r.failures = append(r.failures, sinew.Failure{Path: name, Code: code, Message: message})
}

func (r *optionReader) text(name string) string {
	v := r.query.Get(name)
	if v.Exists() && v.Kind() != jsonx.String {
		r.fail(name, "type", "must be one text")
	}
	return v.Str()
}

func (r *optionReader) flag(name string) bool {
	switch r.text(name) {
	case "", "0", "false":
		return false
	case "1", "true":
		return true
	}
	r.fail(name, "enum", "must be true or false")
	return false
}

// paths reads names of fields: an array of them, or a list with commas between.
func (r *optionReader) paths(name string) (all [][]string) {
	v := r.query.Get(name)
	items := v.Items()
	switch v.Kind() {
	case jsonx.Missing, jsonx.Array:
	case jsonx.String:
		items = []jsonx.Value{v}
	default:
		r.fail(name, "type", "must be names of fields: an array of them, or with commas between")
	}
	for _, item := range items {
		for one := range strings.SplitSeq(item.Str(), ",") {
			if one = strings.TrimSpace(one); one != "" {
				all = append(all, strings.Split(one, "."))
			}
		}
	}
	return all
}

// isOurs reports whether a parameter is for the platform, so that no mapping sees
// it as a filter.
func isOurs(name string) bool {
	return name == "integrated_account_id" || name == "explain" || name == paramRemoteQuery || strings.HasPrefix(name, "truto_")
}
