package value_test

import (
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sinewhq/sinew/jsonata/internal/value"
)

func TestKinds(t *testing.T) {
	tests := []struct {
		v    value.Value
		kind value.Kind
		text string
	}{
		{value.Undefined(), value.KindUndefined, "undefined"},
		{value.Null(), value.KindNull, "null"},
		{value.Bool(true), value.KindBool, "true"},
		{value.Number(0), value.KindNumber, "0"},
		{value.Number(math.Copysign(0, -1)), value.KindNumber, "0"},
		{value.RawNumber(1.1, "1.10"), value.KindNumber, "1.10"},
		{value.String(""), value.KindString, `""`},
		{value.String("x"), value.KindString, `"x"`},
		{value.ArrayOf(value.Number(1)), value.KindArray, "[1]"},
		{value.FromArray(value.NewRange(2, 3)), value.KindArray, "[2,3,4]"},
		{value.FromFunction(&value.Function{}), value.KindFunction, "function"},
	}
	for _, tt := range tests {
		if tt.v.Kind() != tt.kind || tt.v.String() != tt.text {
			t.Errorf("got %v %s, want %v %s", tt.v.Kind(), tt.v, tt.kind, tt.text)
		}
		marks := 0
		for _, is := range []bool{tt.v.IsUndefined(), tt.v.IsNull(), tt.v.IsBool(), tt.v.IsNumber(), tt.v.IsString(), tt.v.IsArray(), tt.v.IsObject(), tt.v.IsFunction(), tt.v.IsHost()} {
			if is {
				marks++
			}
		}
		if marks != 1 {
			t.Errorf("%s is of %d kinds", tt.v, marks)
		}
	}
}

// TestCollector builds values that only the engine's own pointers keep alive,
// lets the collector run, and looks whether they are still whole.
func TestCollector(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			var keep []value.Value
			for i := range 2000 {
				s := strings.Repeat(string(rune('a'+(i+g)%26)), 1+i%40)
				b := value.NewBuilder(nil, 2)
				b.Set("s", value.String(s))
				b.Set("n", value.ArrayOf(value.Number(float64(i)), value.RawNumber(0.5, "0.50"), value.String(s)))
				keep = append(keep, b.Value())
				if i%200 == 0 {
					runtime.GC()
				}
			}
			for i, v := range keep {
				s := v.Obj().Get("s").Str()
				a := v.Obj().Get("n").Arr()
				if len(s) != 1+i%40 || a.At(0).Float() != float64(i) || a.At(1).String() != "0.50" || a.At(2).Str() != s {
					t.Errorf("value %d is damaged: %s", i, v)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestFormatNumber(t *testing.T) {
	tests := map[float64]string{
		0.1: "0.1", 1e21: "1e+21", 1e20: "100000000000000000000", 1e-6: "0.000001", 1e-7: "1e-7", 123456789.125: "123456789.125",
		-1.5e-10: "-1.5e-10", 1.7976931348623157e308: "1.7976931348623157e+308", 5e-324: "5e-324",
	}
	for f, want := range tests {
		if got := value.FormatNumber(f); got != want {
			t.Errorf("FormatNumber(%v) = %s, want %s", f, got, want)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	for _, s := range []string{"", "{", "[1,]", `{"a"}`, `{"a":1,}`, "01", "1.", "tru", `"\x"`, `"\u12"`, "\"\x01\"", "[1] x", "\"\xff\"", "nul", "-", "1e", `{a:1}`} {
		if v, err := value.Decode([]byte(s)); err == nil {
			t.Errorf("Decode(%q) = %s", s, v)
		}
		if _, err := value.DecodeShared([]byte(s), nil); err == nil {
			t.Errorf("skipping %q found no fault", s)
		}
	}
}

// TestMask decodes parts of a document and writes the rest from its source.
func TestMask(t *testing.T) {
	mask := &value.Mask{Span: true, Keys: []string{"a"}, Subs: []*value.Mask{{All: true}}}
	v, err := value.DecodeShared([]byte(`{ "b" : [1, {"x":"\u0041"}] , "a":{"k":1.0} }`), mask)
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Obj().Get("a").String(); got != `{"k":1.0}` {
		t.Errorf("the wanted part is %s", got)
	}
	if got, want := v.String(), `{"b":[1,{"x":"A"}],"a":{"k":1.0}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWideAndDuplicate(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 300 {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`"k` + value.FormatNumber(float64(i%250)) + `":` + value.FormatNumber(float64(i)))
	}
	b.WriteString("}")
	v, err := value.Decode([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if o := v.Obj(); o.Len() != 250 || o.Get("k10").Float() != 260 || o.Get("k249").Float() != 249 || o.Keys()[0] != "k0" {
		t.Errorf("got %d members, k10 = %s", o.Len(), o.Get("k10"))
	}
}

func TestUTF16(t *testing.T) {
	s := value.FromUTF16([]uint16{0xD83D, 0xDE00, 'x', 0xD800})
	if got := value.UTF16Len(s); got != 4 {
		t.Errorf("UTF16Len = %d, want 4", got)
	}
	if got := value.String(s).String(); got != `"😀x\ud800"` {
		t.Errorf("got %s", got)
	}
	if got := value.Concat("\xED\xA0\xBD", "\xED\xB8\x80"); got != "😀" {
		t.Errorf("halves joined give %q", got)
	}
	if value.Compare("😀", "\uFFFD") >= 0 {
		t.Error("a surrogate pair must sort before U+FFFD")
	}
}

// TestSkip shows that what is passed over is checked as strictly as what is
// decoded: both ways refuse the same texts.
func TestSkip(t *testing.T) {
	whole := `{"a":[1,-2.5e+3,{"b":"x\n\u00e9ü😀","c":[],"d":{}},true,false,null], "e" : [ [ ] , { } ] }`
	texts := []string{whole, "", " ", "[", "]", "{", "}", "[1,]", "[,1]", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `[1}`, `{"a":1]`, "01", "1.", "-", "tru", "nul", `"\x"`, "\"\xff\"", "[1 2]", "[[[[]]]]"}
	for i := range whole {
		texts = append(texts, whole[:i], whole[:i]+whole[i+1:], whole[:i]+","+whole[i:], whole[:i]+" "+whole[i:], whole[:i]+`"`+whole[i:])
	}
	for _, text := range texts {
		_, decoded := value.Decode([]byte(text))
		_, skipped := value.DecodeShared([]byte(text), nil)
		if (decoded == nil) != (skipped == nil) {
			t.Errorf("%q: decoding gives %v, skipping %v", text, decoded, skipped)
		}
	}
}
