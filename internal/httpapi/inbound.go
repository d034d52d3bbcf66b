package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/inbound"
	"github.com/sinewhq/sinew/internal/view"
)

const inboundTag = "Inbound webhooks"

type replayInbound struct {
	AccountID      string `json:"integrated_account_id" format:"uuid" doc:"Deliveries for one account."`
	InstallationID string `json:"environment_integration_id" format:"uuid" doc:"Deliveries of one installed integration."`
	Status         string `json:"status" enum:"processed,failed,unrouted" doc:"Deliveries of one status; all of which the bytes are kept unless given."`
	Since          string `json:"since" format:"date-time" doc:"Deliveries from this moment on."`
	Until          string `json:"until" format:"date-time" doc:"Deliveries from before this moment."`
}

type replayedInbound struct {
	Replayed int `json:"replayed" doc:"How many deliveries are processed once more."`
}

// inboundOperations are the addresses that vendors deliver to, which take no token,
// and the inbox.
func inboundOperations(s *inbound.Service) []Operation {
	return append(
		append(deliveryOperations("/integrated-account-webhook/{id}", "IntegratedAccountWebhook", "the account", s, s.ToAccount),
			deliveryOperations("/environment-integration-webhook/{id}", "EnvironmentIntegrationWebhook", "the accounts of an installed integration that its content names", s, s.ToInstallation)...),
		inboxOperations(s)...)
}

type deliver func(ctx context.Context, id string, r sinew.InboundRequest) (inbound.Reply, error)

func deliveryOperations(path, id, whom string, s *inbound.Service, to deliver) []Operation {
	handle := func(c *Call) (Answer, error) {
		answer, err := takeDelivery(c, s, to)
		if err != nil {
			s.NoteFailure(err)
		}
		return answer, err
	}
	return []Operation{
		{
			Method: "POST", Path: path, ID: "deliver" + id, Tag: inboundTag, Summary: "Take a delivery of a vendor for " + whom,
			Description: "What the vendor sends, up to 5 MiB, verified as the webhook of the integration's config says. It is stored before the answer, and becomes events later.",
			Access:      AccessPublic, RawBody: true, Media: "*/*", Handle: handle,
		},
		{
			Method: "GET", Path: path, ID: "verify" + id, Tag: inboundTag, Summary: "Answer a vendor that asks whether the address is ours",
			Description: "Handshakes alone, by handle_verification of the integration's config.",
			Access:      AccessPublic, Media: "*/*", Handle: handle,
		},
	}
}

func inboxOperations(s *inbound.Service) []Operation {
	return []Operation{
		{
			Method: "GET", Path: "/inbound-webhook", ID: "listInboundWebhooks", Tag: inboundTag, Summary: "List what vendors have delivered",
			Description: "The inbox: what was taken, and the last refused deliveries of each address.", Fields: sinew.InboundFields(), Answer: view.InboundWebhook{}, Handle: func(c *Call) (Answer, error) {
				return listed(c, s.List, view.NewInboundWebhook)
			},
		},
		{
			Method: "GET", Path: "/inbound-webhook/{id}", ID: "getInboundWebhook", Tag: inboundTag, Summary: "Get a delivery with what came",
			Description: "Credentials and other secrets are hidden.", Answer: view.WholeInboundWebhook{}, Handle: func(c *Call) (Answer, error) {
				return shown(c, view.NewWholeInboundWebhook)(s.Get(c.Context(), c.Principal, c.Path("id")))
			},
		},
		{
			Method: "POST", Path: "/inbound-webhook/{id}/replay", ID: "replayInboundWebhook", Tag: inboundTag, Summary: "Process a delivery once more",
			Description: "By the definition as it is now. The events are new ones.", Answer: replayedInbound{}, Handle: func(c *Call) (Answer, error) {
				return replayedDeliveries(c, s, sinew.InboundReplay{ID: c.Path("id")})
			},
		},
		{
			Method: "POST", Path: "/inbound-webhook/replay", ID: "replayInboundWebhooks", Tag: inboundTag, Summary: "Process deliveries once more",
			Description: "Those of a filter or a range, at most 10,000, the oldest first.", Body: replayInbound{}, Answer: replayedInbound{}, Handle: func(c *Call) (Answer, error) {
				var in replayInbound
				if err := c.Bind(&in); err != nil {
					return Answer{}, err
				}
				f := sinew.InboundReplay{AccountID: in.AccountID, EnvironmentIntegrationID: in.InstallationID, Status: sinew.InboundStatus(in.Status)}
				if err := readMoments(map[string]moment{"since": {in.Since, &f.Since}, "until": {in.Until, &f.Until}}); err != nil {
					return Answer{}, err
				}
				return replayedDeliveries(c, s, f)
			},
		},
	}
}

func replayedDeliveries(c *Call, s *inbound.Service, f sinew.InboundReplay) (Answer, error) {
	n, err := s.Replay(c.Context(), c.Principal, f)
	if err != nil {
		return Answer{}, err
	}
	return c.JSON(replayedInbound{Replayed: n})
}

func takeDelivery(c *Call, s *inbound.Service, to deliver) (Answer, error) {
	body, done, err := c.readDelivery(s)
	if err != nil {
		return Answer{}, err
	}
	defer done()
	leave, err := s.Enter(c.Context())
	if err != nil {
		return Answer{}, err
	}
	defer leave()
	address := c.api.settings.PublicURL + c.WrittenPath()
	if query := c.Request.URL.RawQuery; query != "" {
		address += "?" + query
	}
	header := c.Request.Header.Clone()
	header.Set("Host", c.Request.Host)
	reply, err := to(c.Context(), c.Path("id"), sinew.InboundRequest{Method: c.Request.Method, URL: address, Header: header, Body: body})
	if err != nil {
		return Answer{}, err
	}
	if reply.Header == nil {
		reply.Header = http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	}
	return Answer{Status: reply.Status, Header: reply.Header, Body: reply.Body}, nil
}

// readDelivery reads the body of a delivery, as it came, in the time that there is for
// that. done is called when it is not needed any more.
func (c *Call) readDelivery(s *inbound.Service) (body []byte, done func(), err error) {
	tooLarge := sinew.Errorf(sinew.KindTooLarge, "The body is larger than %d MiB", inbound.MaxBody>>20).WithCode("body_too_large")
	if c.Request.ContentLength > inbound.MaxBody {
		return nil, nil, tooLarge
	}
	_ = http.NewResponseController(c.writer).SetReadDeadline(s.Until())
	body, done, err = s.Read(c.Context(), http.MaxBytesReader(c.writer, c.Request.Body, inbound.MaxBody))
	if over, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, nil, tooLarge.WithCause(over)
	}
	if known, ok := errors.AsType[*sinew.Error](err); ok {
		return nil, nil, known
	}
	if err != nil {
		return nil, nil, sinew.Errorf(sinew.KindInvalid, "The body ended before it was complete, or took too long").WithCode("body_incomplete").WithCause(err)
	}
	return body, done, nil
}
