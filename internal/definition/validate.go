package definition

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Validate checks what a customer supplied and returns the context to store:
// defaults filled in, transforms applied. Other members of the context are
// left as they are. OAuth formats need a token at oauth.token.access_token, or for
// oauth2 at oauth.token.refresh_token; those that fetch their tokens need none.
//
// Failures have paths such as "context.subdomain": required, wrong type, not
// in the format, not matching the pattern, not among the options. They never
// repeat a value. With failures the context must not be stored.
//
// The checks look at the value as it was supplied, before the transform. A
// transform is for values that come from outside: do not validate a stored
// context again, or sha256 is applied twice.
func (c Credential) Validate(context jsonx.Value) (jsonx.Value, []sinew.Failure) {
	return c.validate(context, false)
}

// ValidatePart is Validate for an update that mentions only what it changes:
// nothing is required, and no defaults are filled in.
func (c Credential) ValidatePart(context jsonx.Value) (jsonx.Value, []sinew.Failure) {
	return c.validate(context, true)
}

func (c Credential) validate(context jsonx.Value, partial bool) (jsonx.Value, []sinew.Failure) {
	if context.Exists() && context.Kind() != jsonx.Object {
		return context, []sinew.Failure{{Path: "context", Code: CodeType, Message: "must be an object"}}
	}
	b := context.Edit()
	failures := c.validateFields(b, partial)
	if oauth := b.Get("oauth"); oauth.Exists() && oauth.Kind() != jsonx.Object && c.fetchesToken() && !partial {
		return b.Value(), append(failures, sinew.Failure{Path: "context.oauth", Code: CodeType, Message: "must be an object"})
	}
	return b.Value(), append(failures, c.checkToken(b.Get("oauth").Get("token"), partial)...)
}

// checkToken checks an OAuth token. A refresh token is enough where the first
// access token can be got for it.
func (c Credential) checkToken(token jsonx.Value, partial bool) []sinew.Failure {
	const at = "context.oauth.token."
	var failures []sinew.Failure
	access, refresh := token.Get("access_token"), token.Get("refresh_token")
	if c.NeedsToken() && !partial && isBlank(access) {
		switch {
		case c.fetchesToken() && !token.Exists():
			// The first one is fetched by the fields, as every later one is.
		case c.Format != string(sinew.MethodOAuth2):
			failures = append(failures, sinew.Failure{Path: at + "access_token", Code: CodeRequired, Message: "is required for " + c.Format})
		case isBlank(refresh):
			failures = append(failures, sinew.Failure{Path: at + "access_token", Code: CodeRequired, Message: "is required for " + c.Format + ", unless there is a refresh_token"})
		case refresh.Kind() != jsonx.String:
			failures = append(failures, sinew.Failure{Path: at + "refresh_token", Code: CodeType, Message: "must be text"})
		}
	}
	if !isBlank(access) && access.Kind() != jsonx.String {
		failures = append(failures, sinew.Failure{Path: at + "access_token", Code: CodeType, Message: "must be text"})
	}
	return failures
}

func (c Credential) validateFields(b *jsonx.Builder, partial bool) []sinew.Failure {
	var failures []sinew.Failure
	for _, field := range c.Fields {
		value := b.Get(field.Name)
		if isBlank(value) && field.Default.Exists() && !partial {
			value = field.Default
		}
		if isBlank(value) {
			if field.Required && (!partial || value.Exists()) {
				failures = append(failures, field.fail(CodeRequired, "is required"))
			}
			continue
		}
		if failure, bad := field.check(value); bad {
			failures = append(failures, failure)
			continue
		}
		b.Set(field.Name, field.transform(value))
	}
	return failures
}

// ValidateForm is Validate for what a customer filled in before there is a token:
// members that are no fields are failures. Failures have paths such as
// "values.subdomain". given are members of the context that come from elsewhere:
// the customer does not supply them.
func (c Credential) ValidateForm(values, given jsonx.Value) (jsonx.Value, []sinew.Failure) {
	var failures []sinew.Failure
	b := jsonx.NewBuilder(len(c.Fields))
	for name, value := range values.Members() {
		i := slices.IndexFunc(c.Fields, func(f Field) bool { return f.Name == name })
		if i < 0 {
			failures = append(failures, sinew.Failure{Path: "values." + name, Code: "unknown_field", Message: "is not a field of this way to connect"})
			continue
		}
		if !isBlank(given.Get(name)) {
			continue
		}
		if text, ok := value.Text(); ok {
			value = jsonx.StringValue(c.Fields[i].pasted(text))
		}
		b.Set(name, value)
	}
	form := c
	form.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f Field) bool { return !isBlank(given.Get(f.Name)) })
	for _, failure := range form.validateFields(b, false) {
		failure.Path = "values." + strings.TrimPrefix(failure.Path, "context.")
		failures = append(failures, failure)
	}
	return b.Value(), failures
}

// ValidateGiven checks what stands in the place of a customer's answers, and
// applies transforms. Nothing is required, and members that are no fields are left
// as they are. Failures have the paths of Validate.
func (c Credential) ValidateGiven(given jsonx.Value) (jsonx.Value, []sinew.Failure) {
	b := given.Edit()
	c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f Field) bool { return isBlank(given.Get(f.Name)) })
	failures := c.validateFields(b, true)
	return b.Value(), failures
}

// pasted takes what came along from a clipboard off a text. Spaces may belong to
// a password.
func (f Field) pasted(text string) string {
	if f.Type == typePassword {
		return strings.Trim(text, "\r\n\t")
	}
	return strings.TrimSpace(text)
}

func isBlank(v jsonx.Value) bool {
	text, isText := v.Text()
	return !v.Exists() || v.IsNull() || isText && text == ""
}

func (f Field) fail(code, format string, args ...any) sinew.Failure {
	return sinew.Failure{Path: "context." + f.Name, Code: code, Message: fmt.Sprintf(format, args...)}
}

// check returns what is wrong with a value that is there.
func (f Field) check(value jsonx.Value) (failure sinew.Failure, bad bool) {
	text := value.Str()
	switch value.Kind() {
	case jsonx.Number, jsonx.Bool:
		text = value.String()
	case jsonx.String:
	default:
		return f.fail(CodeType, "must be text"), true
	}
	if !formatFits(f.Format, text) {
		return f.fail(CodeValue, "must be a valid %s", f.Format), true
	}
	if f.Pattern != "" {
		// A pattern that only browsers can run is left to them.
		if re, err := regexp.Compile(f.Pattern); err == nil && !re.MatchString(text) {
			return f.fail(CodePattern, "must match %s", f.Pattern), true
		}
	}
	if f.Type == typeSelect && !f.offers(text) {
		return f.fail(CodeEnum, "must be one of %s", f.choices()), true
	}
	return sinew.Failure{}, false
}

func formatFits(format, text string) bool {
	switch format {
	case "email":
		address, err := mail.ParseAddress(text)
		return err == nil && address.Address == text
	case "number":
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	case "uuid":
		return sinew.IsUUID(strings.ToLower(text))
	case "url":
		u, err := url.Parse(text)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	}
	return true
}

func (f Field) offers(text string) bool {
	for _, option := range f.Options {
		if optionText(option) == text {
			return true
		}
	}
	return len(f.Options) == 0
}

func (f Field) choices() string {
	var texts []string
	for _, option := range f.Options {
		texts = append(texts, optionText(option))
	}
	return strings.Join(texts, ", ")
}

func optionText(option Option) string {
	if text, ok := option.Value.Text(); ok {
		return text
	}
	return option.Value.String()
}

func (f Field) transform(value jsonx.Value) jsonx.Value {
	text, ok := value.Text()
	if !ok {
		return value
	}
	switch f.Transform {
	case "lowercase":
		return jsonx.StringValue(strings.ToLower(text))
	case "uppercase":
		return jsonx.StringValue(strings.ToUpper(text))
	case "sha256":
		sum := sha256.Sum256([]byte(text))
		return jsonx.StringValue(hex.EncodeToString(sum[:]))
	}
	return value
}
