package refresh_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
)

// TestAJobOfAnEarlierTokenAsksNobody has a job come late: a call has brought another
// token by then, which has a job of its own, however short its life is and whether
// or not it is known.
func TestAJobOfAnEarlierTokenAsksNobody(t *testing.T) {
	t.Parallel()
	for name, expiry := range map[string]string{"short": `,"expires_in":300`, "not known": ``} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &vendor{answer: func(n int) (int, string, string) {
				return 200, "", fmt.Sprintf(`{"access_token":"b%d","refresh_token":"s%d"%s}`, n, n, expiry)
			}}
			w := newWorld(t, v, time.Hour)
			defer w.store.Close()
			work := func(fence int) {
				t.Helper()
				args := fmt.Sprintf(`{"environment_id":%q,"integrated_account_id":%q,"token_fence":%d}`, w.account.EnvironmentID, w.account.ID, fence)
				must(t, w.service.Work(t.Context(), sinew.Job{Kind: sinew.JobRefreshCredentials, Args: sinew.JSON(args)}))
			}
			_, err := w.service.Refresh(t.Context(), w.account.EnvironmentID, w.account.ID, "a", false)
			must(t, err)
			work(0)
			if n := len(v.asked); n != 1 {
				t.Errorf("the vendor was asked %d times, want 1", n)
			}
			work(1)
			if n := len(v.asked); n != 2 {
				t.Errorf("with the job of the token that is there, the vendor was asked %d times, want 2", n)
			}
		})
	}
}
