package dataplane

import (
	"mime"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/wire"
)

// readCustomBody reads the body of a custom call. What is not JSON goes out as it
// came, with its type.
func readCustomBody(c *httpapi.Call, call *proxy.Call) error {
	contentType := c.Request.Header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if call.Stream != nil || mediaType == "multipart/form-data" {
		return readBody(c, call)
	}
	text, err := c.ReadBody()
	if err != nil || len(text) == 0 {
		return err
	}
	value, err := httpapi.ParseBody(text)
	switch mediaType {
	case "application/json":
		call.Body = value
		return err
	case "", "text/plain", "application/x-www-form-urlencoded": // clients label JSON so
		if kind := value.Kind(); err == nil && (kind == jsonx.Object || kind == jsonx.Array) {
			call.Body = value
			return nil
		}
	default:
		if err == nil && value.Get(methodConfig).Exists() {
			call.Body = value
			return nil
		}
	}
	call.Raw, call.RawType = text, contentType
	return nil
}

// readBody reads the body of a call: JSON, whatever it is labelled, or a form.
// Of a multipart form the fields in front of its files are read, and the files
// are left to be passed on. A body that is passed through is left alone.
func readBody(c *httpapi.Call, call *proxy.Call) (err error) {
	if call.Stream != nil {
		return nil
	}
	contentType := c.Request.Header.Get("Content-Type")
	switch mediaType, _, _ := mime.ParseMediaType(contentType); mediaType {
	case "multipart/form-data":
		body, length := c.StreamBody()
		call.Abort = body.Abort
		if call.Upload, err = wire.NewMultipartReader(contentType, body); err != nil {
			return err
		}
		call.StreamLength = length
		call.Body, err = call.Upload.Fields()
		return err
	case "application/x-www-form-urlencoded":
		text, err := c.ReadBody()
		if err != nil || len(text) == 0 {
			return err
		}
		// curl -d labels JSON so.
		if call.Body, err = jsonx.Parse(text); err == nil {
			return nil
		}
		call.Body, err = wire.ParseQuery(string(text))
		return err
	}
	call.Body, err = c.Value()
	return err
}
