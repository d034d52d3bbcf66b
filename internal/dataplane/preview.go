package dataplane

import (
	"net/http"

	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

type previewRequest struct {
	IntegratedAccountID string      `json:"integrated_account_id" required:"true" doc:"The account to try the change for."`
	Config              jsonx.Value `json:"config" required:"true" type:"object" doc:"The change: a patch, as PATCH of a mapping takes it."`
	Layer               string      `json:"layer" enum:"base,environment,account" doc:"Whose mapping is changed; environment unless given."`
	ID                  string      `json:"id" doc:"The record, for methods that take one."`
	Query               jsonx.Value `json:"query" type:"object" doc:"The parameters of the call."`
	Body                jsonx.Value `json:"body" type:"object" doc:"The body of the call."`
	Sample              *sample     `json:"sample" nullable:"true" doc:"A recorded answer of the vendor's, in place of asking it."`
}

type sample struct {
	Status  int64       `json:"status" min:"100" max:"599" doc:"200 unless given."`
	Headers jsonx.Value `json:"headers" type:"object" doc:"The headers of the answer."`
	Body    jsonx.Value `json:"body" required:"true" doc:"The body, as the vendor sends it."`
}

type previewAnswer struct {
	Before  previewShown    `json:"before" doc:"What the mapping makes of the call as it is."`
	After   previewShown    `json:"after" doc:"What it would make of it."`
	Changes []previewChange `json:"changes" doc:"What differs in the answers."`
}

type previewShown struct {
	Status  int64     `json:"status" doc:"The status of the answer; 0 where there was none."`
	Body    jsonx.Raw `json:"body,omitzero" doc:"What the caller would get."`
	Error   string    `json:"error,omitzero" doc:"What went wrong."`
	Explain jsonx.Raw `json:"explain" type:"object" doc:"As explain=1 has it: the requests to the vendor among it."`
}

type previewChange struct {
	Path string    `json:"path" doc:"The place in the answer."`
	Op   string    `json:"op" enum:"added,removed,changed" doc:"What is different."`
	From jsonx.Raw `json:"from,omitzero" doc:"What is there now."`
	To   jsonx.Raw `json:"to,omitzero" doc:"What would be there."`
}

func (d *dataPlane) previewOperation() httpapi.Operation {
	return httpapi.Operation{
		Method: http.MethodPost, Path: "/unified/{model}/{resource}/meta/{method}/preview", ID: "previewMapping", Tag: "Unified", Summary: "Try a change of a mapping",
		Description: "Runs a call with the mapping as it is and with the change, and compares. Lists and gets ask the vendor, unless there is a sample; others never do: their requests are shown.",
		Body:        previewRequest{}, Answer: previewAnswer{}, Handle: d.handlePreview,
	}
}

func (d *dataPlane) handlePreview(c *httpapi.Call) (httpapi.Answer, error) {
	var in previewRequest
	if err := c.Bind(&in); err != nil {
		return httpapi.Answer{}, err
	}
	if err := c.TakeAccount(in.IntegratedAccountID); err != nil {
		return httpapi.Answer{}, err
	}
	if in.Layer == "" {
		in.Layer = string(mapping.LayerEnvironment)
	}
	if !in.Query.Exists() {
		in.Query = jsonx.ObjectValue()
	}
	compared, err := d.unified.Preview(c.Context(), unified.Preview{
		Call: unified.Call{
			Principal: c.Principal, RequestID: c.RequestID(), AccountID: in.IntegratedAccountID, Model: c.Path("model"), Resource: c.Path("resource"), Method: c.Path("method"),
			ID: in.ID, Query: in.Query, Body: in.Body,
		},
		Layer: mapping.Layer(in.Layer), Config: in.Config, Sample: in.Sample.answer(),
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	out := previewAnswer{Before: newPreviewShown(compared.Before), After: newPreviewShown(compared.After), Changes: make([]previewChange, len(compared.Changes))}
	for i, change := range compared.Changes {
		out.Changes[i] = previewChange{change.Path, change.Op, rawOf(change.From), rawOf(change.To)}
	}
	return c.JSON(out)
}

// answer is the sample as the vendor would send it, nil for none.
func (s *sample) answer() *proxy.Sample {
	if s == nil {
		return nil
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for name, value := range s.Headers.Members() {
		if text, ok := value.Text(); ok {
			header.Set(name, text)
		}
	}
	return &proxy.Sample{Status: int(s.Status), Header: header, Body: s.Body.Bytes()}
}

func newPreviewShown(s unified.Shown) previewShown {
	return previewShown{Status: int64(s.Status), Body: rawOf(s.Body), Error: s.Error, Explain: rawOf(s.Explain)}
}

func rawOf(v jsonx.Value) jsonx.Raw {
	if !v.Exists() {
		return nil
	}
	return v.Bytes()
}
