package simulator

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The faults that answers below /fault/ have.
const (
	FaultError200    = "error-200"    // an error in a 200
	FaultEndless     = "endless"      // a body without end
	FaultDrip        = "drip"         // a byte every second
	FaultSilent      = "silent"       // no answer at all
	FaultBomb        = "bomb"         // a small body that decodes to a gigabyte
	FaultShort       = "short"        // less body than Content-Length says
	FaultLong        = "long"         // more body than Content-Length says
	FaultHangUp      = "hang-up"      // the end of the connection in place of an answer
	FaultElsewhere   = "elsewhere"    // a redirect to ?to=
	FaultDoubled     = "doubled"      // headers that occur twice
	FaultBroken      = "broken-json"  // JSON that ends early
	FaultLimitEpoch  = "limit-epoch"  // 429, the reset as a moment in seconds
	FaultLimitMillis = "limit-millis" // 429, the reset as a moment in milliseconds
	FaultLimitDate   = "limit-date"   // 429, Retry-After as a date
	FaultLimitDraft  = "limit-draft"  // 429, ratelimit-* fields
	FaultLimit200    = "limit-200"    // a throttled call in a 200
)

func faults() []string {
	return []string{
		FaultError200, FaultEndless, FaultDrip, FaultSilent, FaultBomb, FaultShort, FaultLong, FaultHangUp, FaultElsewhere, FaultDoubled, FaultBroken,
		FaultLimitEpoch, FaultLimitMillis, FaultLimitDate, FaultLimitDraft, FaultLimit200,
	}
}

// bombSize is what the bomb decodes to, in bytes.
const bombSize = 1 << 30

// limitReset is how far off the reset of a limit is.
const limitReset = 30 * time.Second

// faulty answers with a fault.
func faulty(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch kind {
		case FaultError200:
			reply(w, http.StatusOK, jsonx.MustParse(`{"ok":false,"code":"auth","reason":"The token is not valid any more"}`))
		case FaultEndless:
			pour(w, r, 0)
		case FaultDrip:
			pour(w, r, time.Second)
		case FaultSilent:
			<-r.Context().Done()
		case FaultBomb:
			bomb(w)
		case FaultShort:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"id":`)
			panic(http.ErrAbortHandler)
		case FaultLong:
			longer(w)
		case FaultHangUp:
			panic(http.ErrAbortHandler)
		case FaultElsewhere:
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		case FaultDoubled:
			for _, value := range []string{"1", "2"} {
				w.Header().Add("X-Request-Cost", value)
				w.Header().Add("Retry-After", value)
			}
			reply(w, http.StatusOK, jsonx.ObjectValue(jsonx.Member{Name: "ok", Value: jsonx.BoolValue(true)}))
		case FaultBroken:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"data":[{"id":"1"`)
		default:
			throttled(w, kind)
		}
	}
}

// pour writes a body until its reader goes away.
func pour(w http.ResponseWriter, r *http.Request, pause time.Duration) {
	w.Header().Set("Content-Type", "application/json")
	chunk := make([]byte, 32<<10)
	for i := range chunk {
		chunk[i] = ' '
	}
	if pause > 0 {
		chunk = chunk[:1]
	}
	for r.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
		if pause > 0 {
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(pause):
			}
		}
	}
}

// longer writes an answer past net/http, which keeps to what was announced.
func longer(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":1}{\"id\":2}HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"id\":3}")
}

func bomb(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	zeros := make([]byte, 1<<20)
	for written := 0; written < bombSize; written += len(zeros) {
		if _, err := z.Write(zeros); err != nil {
			return
		}
	}
	_ = z.Close()
}

// throttled refuses for too many calls, in one of the dialects of the field.
func throttled(w http.ResponseWriter, kind string) {
	h, reset := w.Header(), time.Now().Add(limitReset)
	switch kind {
	case FaultLimitEpoch:
		h.Set("X-RateLimit-Limit", "100")
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	case FaultLimitMillis:
		h.Set("X-Rate-Limit-Limit", "100")
		h.Set("X-Rate-Limit-Remaining", "0")
		h.Set("X-Rate-Limit-Reset", strconv.FormatInt(reset.UnixMilli(), 10))
	case FaultLimitDate:
		h.Set("Retry-After", reset.UTC().Format(http.TimeFormat))
	case FaultLimitDraft:
		h.Set("RateLimit-Limit", "100;w=60")
		h.Set("RateLimit-Remaining", "0")
		h.Set("RateLimit-Reset", strconv.Itoa(int(limitReset.Seconds())))
	case FaultLimit200:
		h.Set("X-Throttled", "yes")
		h.Set("X-Wait", strconv.Itoa(int(limitReset.Seconds())))
		reply(w, http.StatusOK, jsonx.MustParse(`{"ok":false,"code":"throttled"}`))
		return
	}
	refuse(w, http.StatusTooManyRequests, "too_many_requests", "Too many calls")
}
