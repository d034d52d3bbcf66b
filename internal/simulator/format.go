package simulator

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/xml"
	"net/http"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The formats that lists below /format/ are written in.
const (
	FormatXML    = "xml"
	FormatCSV    = "csv"
	FormatNDJSON = "ndjson"
	FormatGzip   = "gzip" // JSON, compressed whether or not the caller takes it
	FormatWrong  = "wrong-label"
)

func formats() []string { return []string{FormatXML, FormatCSV, FormatNDJSON, FormatGzip, FormatWrong} }

// formattedList answers all records of a table in one format.
func (t *table) formattedList(format string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		rows := t.all()
		var out bytes.Buffer
		contentType := "application/json"
		switch format {
		case FormatXML:
			contentType = "application/xml; charset=utf-8"
			writeXML(&out, t.name, t.noun, rows)
		case FormatCSV:
			contentType = "text/csv; charset=utf-8"
			writeCSV(&out, rows)
		case FormatNDJSON:
			contentType = "application/x-ndjson"
			for _, row := range rows {
				out.Write(append(row.Bytes(), '\n'))
			}
		case FormatGzip:
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(&out)
			_, _ = z.Write(listBody(rows).Bytes())
			_ = z.Close()
		case FormatWrong:
			contentType = "text/html"
			out.Write(listBody(rows).Bytes())
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(out.Bytes())
	}
}

func writeXML(out *bytes.Buffer, list, noun string, rows []jsonx.Value) {
	out.WriteString(xml.Header + "<" + list + ">")
	for _, row := range rows {
		out.WriteString("<" + noun + ` id="`)
		_ = xml.EscapeText(out, []byte(row.Get("id").Str()))
		out.WriteString(`">`)
		for name, value := range row.Members() {
			if name != "id" && value.Kind() != jsonx.Array && value.Kind() != jsonx.Object {
				out.WriteString("<" + name + ">")
				_ = xml.EscapeText(out, []byte(text(value)))
				out.WriteString("</" + name + ">")
			}
		}
		out.WriteString("</" + noun + ">")
	}
	out.WriteString("</" + list + ">")
}

func writeCSV(out *bytes.Buffer, rows []jsonx.Value) {
	w := csv.NewWriter(out)
	for i, row := range rows {
		if i == 0 {
			_ = w.Write(row.Names())
		}
		cells := make([]string, 0, row.Len())
		for _, value := range row.Members() {
			cells = append(cells, text(value))
		}
		_ = w.Write(cells)
	}
	w.Flush()
}
