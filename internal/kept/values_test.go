package kept_test

import (
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/kept"
)

func TestValuesAreFoundInTheirGenerationOnly(t *testing.T) {
	t.Parallel()
	var values kept.Values[string, int]
	if _, ok := values.Get("a", 1); ok {
		t.Error("found something in an empty cache")
	}
	values.Put("a", 1, 10)
	if v, ok := values.Get("a", 1); !ok || v != 10 {
		t.Errorf("got %d, %v", v, ok)
	}
	if _, ok := values.Get("a", 2); ok {
		t.Error("found a value of another generation")
	}
	values.Put("a", 2, 20)
	if v, ok := values.Get("a", 2); !ok || v != 20 {
		t.Errorf("got %d, %v", v, ok)
	}
}

func TestSweepForgetsWhatIsIdle(t *testing.T) {
	t.Parallel()
	var values kept.Values[string, int]
	values.Put("a", 1, 10)
	values.Sweep(time.Now())
	if _, ok := values.Get("a", 1); !ok {
		t.Error("a value went away right after it was used")
	}
	values.Sweep(time.Now().Add(kept.Idle + time.Second))
	if _, ok := values.Get("a", 1); ok {
		t.Error("an idle value was kept")
	}
}

func TestTheNumberOfValuesIsBounded(t *testing.T) {
	t.Parallel()
	var values kept.Values[int, int]
	found := 0
	for i := range 10_000 {
		values.Put(i, 1, i)
	}
	for i := range 10_000 {
		if _, ok := values.Get(i, 1); ok {
			found++
		}
	}
	if found == 0 || found > 4096 {
		t.Errorf("%d of 10,000 values are kept", found)
	}
	if v, ok := values.Get(9_999, 1); !ok || v != 9_999 {
		t.Error("the newest value is not there")
	}
}
