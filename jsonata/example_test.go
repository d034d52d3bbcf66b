package jsonata_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sinewhq/sinew/jsonata"
)

func ExampleCompile() {
	expr, err := jsonata.Compile(`orders.{ "id": id, "total": $sum(lines.(price * qty)) }`)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := expr.EvalBytes(context.Background(), []byte(`{"orders":[{"id":7,"lines":[{"price":2.5,"qty":4}]}]}`))
	fmt.Println(string(out), err)
	// Output: {"id":7,"total":10} <nil>
}

func ExampleCompile_error() {
	_, err := jsonata.Compile(`orders[id = `)
	var e *jsonata.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code, e.Position, e.Message)
	}
	// Output: S0203 12 expected "]" before the end of the expression
}

func ExampleMustCompile() {
	expr := jsonata.MustCompile(`$uppercase(name)`)
	out, _ := expr.EvalAny(context.Background(), map[string]any{"name": "ada"})
	fmt.Println(out)
	// Output: ADA
}

func ExampleExpr_Eval() {
	doc, _ := jsonata.Decode([]byte(`{"z":1,"a":[1,2,3]}`))
	v, _ := jsonata.MustCompile(`{ "n": $count(a), "all": $ }`).Eval(context.Background(), doc)
	fmt.Println(v)
	// Output: {"n":3,"all":{"z":1,"a":[1,2,3]}}
}

func ExampleExpr_EvalBytes() {
	body := []byte(`{"items":[{"id":9007199254740993,"price":1.10}],"unused":"…"}`)
	out, _ := jsonata.MustCompile(`items.{ "id": id, "price": price }`).EvalBytes(context.Background(), body)
	fmt.Println(string(out))
	// Output: {"id":9007199254740993,"price":1.10}
}

func ExampleExpr_AppendEval() {
	out, _ := jsonata.MustCompile(`a + 1`).AppendEval(context.Background(), []byte("a+1="), []byte(`{"a":41}`))
	fmt.Println(string(out))
	// Output: a+1=42
}

func ExampleExpr_EvalAny() {
	out, _ := jsonata.MustCompile(`$sum(n)`).EvalAny(context.Background(), map[string]any{"n": []any{1, 2, 3.5}})
	fmt.Println(out)
	// Output: 6.5
}

func ExampleExpr_Source() {
	fmt.Println(jsonata.MustCompile(`a.b`).Source())
	// Output: a.b
}

func ExampleBindings() {
	expr := jsonata.MustCompile(`$greeting & ", " & name`)
	out, _ := expr.EvalAny(context.Background(), map[string]any{"name": "Ada"}, jsonata.Bindings{"greeting": jsonata.String("Hello")})
	fmt.Println(out)
	// Output: Hello, Ada
}

func ExampleWithVariable() {
	expr := jsonata.MustCompile(`price * $rate`, jsonata.WithVariable("rate", jsonata.Number(1.19)))
	out, _ := expr.EvalAny(context.Background(), map[string]any{"price": 100})
	fmt.Println(out)
	// Output: 119
}

func ExampleWithFunction() {
	slug := jsonata.Function{Name: "slug", Signature: "<s-:s>", Call: func(_ context.Context, args []jsonata.Value) (jsonata.Value, error) {
		return jsonata.String(strings.ReplaceAll(strings.ToLower(args[0].Str()), " ", "-")), nil
	}}
	expr := jsonata.MustCompile(`titles.$slug()`, jsonata.WithFunction(slug))
	out, _ := expr.EvalBytes(context.Background(), []byte(`{"titles":["Hello World","JSON"]}`))
	fmt.Println(string(out))
	// Output: ["hello-world","json"]
}

func ExampleFunc() {
	var now jsonata.Func = func(ctx context.Context, _ []jsonata.Value) (jsonata.Value, error) {
		if err := ctx.Err(); err != nil {
			return jsonata.Undefined(), err
		}
		return jsonata.String("12:00"), nil
	}
	expr := jsonata.MustCompile(`$clock()`, jsonata.WithFunction(jsonata.Function{Name: "clock", Call: now}))
	out, _ := expr.EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: 12:00
}

func ExampleNewFunction() {
	double, _ := jsonata.NewFunction(jsonata.Function{Call: func(_ context.Context, a []jsonata.Value) (jsonata.Value, error) {
		return jsonata.Number(2 * a[0].Float()), nil
	}})
	out, _ := jsonata.MustCompile(`$map([1,2], $double)`, jsonata.WithVariable("double", double)).EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: [2 4]
}

func ExampleCall() {
	twice := jsonata.Function{Name: "twice", Call: func(ctx context.Context, a []jsonata.Value) (jsonata.Value, error) {
		once, err := jsonata.Call(ctx, a[0], a[1])
		if err != nil {
			return once, err
		}
		return jsonata.Call(ctx, a[0], once)
	}}
	expr := jsonata.MustCompile(`$twice(function($x) { $x * 3 }, 2)`, jsonata.WithFunction(twice))
	out, _ := expr.EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: 18
}

func ExampleWithLimits() {
	expr := jsonata.MustCompile(`($f := function($n) { $f($n + 1) }; $f(0))`,
		jsonata.WithLimits(jsonata.Limits{Steps: 10_000, Time: time.Second}))
	_, err := expr.Eval(context.Background(), jsonata.Undefined())
	var e *jsonata.Error
	fmt.Println(errors.As(err, &e) && e.Code == jsonata.CodeLimit)
	// Output: true
}

func ExampleLimits() {
	none := jsonata.Limits{Time: -1} // negative: no limit of this kind
	out, _ := jsonata.MustCompile(`1 + 1`, jsonata.WithLimits(none)).EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: 2
}

func ExampleOption() {
	options := []jsonata.Option{jsonata.WithVariable("a", jsonata.Number(1)), jsonata.WithScriptOrder()}
	out, _ := jsonata.MustCompile(`$a`, options...).EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: 1
}

func ExampleWithScriptOrder() {
	expr := jsonata.MustCompile(`{ "b": 1, "2": 2, "1": 3 }`, jsonata.WithScriptOrder())
	out, _ := expr.EvalBytes(context.Background(), nil)
	fmt.Println(string(out))
	// Output: {"1":3,"2":2,"b":1}
}

func ExampleWithTreeWalker() {
	out, _ := jsonata.MustCompile(`[1..3]`, jsonata.WithTreeWalker()).EvalBytes(context.Background(), nil)
	fmt.Println(string(out))
	// Output: [1,2,3]
}

func ExampleWithExplain() {
	expr := jsonata.MustCompile(`{ "mail": properties.email, "n": $count(tags) }`, jsonata.WithExplain(func(o jsonata.Origin) {
		fmt.Printf("%s = %v from %q, bytes %d to %d\n", o.Member, o.Value, o.Source, o.Start, o.End)
	}))
	_, _ = expr.EvalBytes(context.Background(), []byte(`{"properties":{"email":"a@b.c"},"tags":["x","y"]}`))
	// Output:
	// mail = "a@b.c" from "properties.email", bytes 10 to 26
	// n = 2 from "", bytes 33 to 45
}

func ExampleOrigin() {
	o := jsonata.Origin{Member: "id", Source: "id", Value: jsonata.Number(1)}
	fmt.Println(o.Member, o.Source, o.Value)
	// Output: id id 1
}

func ExampleExplainFunc() {
	var count int
	var f jsonata.ExplainFunc = func(jsonata.Origin) { count++ }
	_, _ = jsonata.MustCompile(`{ "a": 1, "b": 2 }`, jsonata.WithExplain(f)).EvalBytes(context.Background(), nil)
	fmt.Println(count)
	// Output: 2
}

func ExampleError() {
	_, err := jsonata.MustCompile(`1 + "a"`).Eval(context.Background(), jsonata.Undefined())
	var e *jsonata.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code, e.Position, e.Token, e.Value, e.Message)
	}
	// Output: T2002 3 + "a" the right side of "+" must be a number
}

func ExampleDecode() {
	v, _ := jsonata.Decode([]byte(`{"b":1,"a":[true,null]}`))
	fmt.Println(v.Obj().Keys(), v.Obj().Get("a").Arr().Len())
	// Output: [b a] 2
}

func ExampleEncode() {
	text, _ := jsonata.Encode(jsonata.NewArray(jsonata.Number(1e21), jsonata.Null(), jsonata.Undefined()))
	fmt.Println(string(text))
	// Output: [1e+21,null,null]
}

func ExampleAppendJSON() {
	text, _ := jsonata.AppendJSON([]byte("v="), jsonata.Bool(true))
	fmt.Println(string(text))
	// Output: v=true
}

func ExampleFromGo() {
	v, _ := jsonata.FromGo(map[string]any{"n": json.Number("12345678901234567890"), "list": []string{"a"}})
	fmt.Println(v)
	// Output: {"list":["a"],"n":12345678901234567890}
}

func ExampleEqual() {
	a, _ := jsonata.Decode([]byte(`{"x":1,"y":2}`))
	b, _ := jsonata.Decode([]byte(`{"y":2.0,"x":1}`))
	fmt.Println(jsonata.Equal(a, b))
	// Output: true
}

func ExampleNewObject() {
	fmt.Println(jsonata.NewObject(jsonata.Member{Name: "b", Value: jsonata.Number(1)}, jsonata.Member{Name: "a", Value: jsonata.String("x")}))
	// Output: {"b":1,"a":"x"}
}

func ExampleMember() {
	m := jsonata.Member{Name: "id", Value: jsonata.Number(7)}
	fmt.Println(jsonata.NewObject(m))
	// Output: {"id":7}
}

func ExampleNewArray() {
	fmt.Println(jsonata.NewArray(jsonata.Number(1), jsonata.String("two")))
	// Output: [1,"two"]
}

func ExampleUndefined() {
	v, _ := jsonata.MustCompile(`missing`).Eval(context.Background(), jsonata.NewObject())
	fmt.Println(v.IsUndefined(), v == jsonata.Undefined())
	// Output: true true
}

func ExampleNull()   { fmt.Println(jsonata.Null()) /* Output: null */ }
func ExampleBool()   { fmt.Println(jsonata.Bool(false)) /* Output: false */ }
func ExampleNumber() { fmt.Println(jsonata.Number(0.1)) /* Output: 0.1 */ }
func ExampleString() { fmt.Println(jsonata.String("a\tb")) /* Output: "a\tb" */ }

func ExampleValue() {
	v, _ := jsonata.Decode([]byte(`[1,"a",true]`))
	for i := range v.Arr().Len() {
		item := v.Arr().At(i)
		fmt.Println(item.Kind(), item.ToGo())
	}
	// Output:
	// number 1
	// string a
	// boolean true
}

func ExampleKind() {
	fmt.Println(jsonata.KindUndefined, jsonata.KindNull, jsonata.KindBool, jsonata.KindNumber, jsonata.KindString)
	fmt.Println(jsonata.KindArray, jsonata.KindObject, jsonata.KindFunction, jsonata.KindHost)
	switch v := jsonata.String("x"); v.Kind() {
	case jsonata.KindString:
		fmt.Println("text:", v.Str())
	}
	// Output:
	// undefined null boolean number string
	// array object function object
	// text: x
}

// The codes of failures that the reference does not know.
func ExampleError_codes() {
	code := func(ctx context.Context, source string, options ...jsonata.Option) string {
		_, err := jsonata.MustCompile(source, options...).Eval(ctx, jsonata.Undefined())
		var e *jsonata.Error
		errors.As(err, &e)
		return e.Code
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	fail := jsonata.Function{Name: "fail", Call: func(context.Context, []jsonata.Value) (jsonata.Value, error) {
		return jsonata.Undefined(), errors.New("no connection")
	}}
	fmt.Println(code(context.Background(), `[1..100].$`, jsonata.WithLimits(jsonata.Limits{Steps: 10})) == jsonata.CodeLimit)
	fmt.Println(code(canceled, `($f := function($n) { $f($n) }; $f(1))`) == jsonata.CodeCanceled)
	fmt.Println(code(context.Background(), `$fail()`, jsonata.WithFunction(fail)) == jsonata.CodeHost)
	// Output:
	// true
	// true
	// true
}

func ExampleArray() {
	var a *jsonata.Array = jsonata.NewArray(jsonata.Number(5)).Arr()
	fmt.Println(a.Len(), a.At(0))
	// Output: 1 5
}

func ExampleObject() {
	var o *jsonata.Object = jsonata.NewObject(jsonata.Member{Name: "k", Value: jsonata.Null()}).Obj()
	fmt.Println(o.Keys(), o.Has("k"), o.Has("x"))
	// Output: [k] true false
}

// money is a host value with members, written as text.
type money struct{ cents int }

func (m money) Member(name string) jsonata.Value {
	if name == "cents" {
		return jsonata.Number(float64(m.cents))
	}
	return jsonata.Undefined()
}
func (m money) Members() []string { return []string{"cents"} }
func (m money) JSON() jsonata.Value {
	return jsonata.String(fmt.Sprintf("%d.%02d", m.cents/100, m.cents%100))
}

func ExampleNewWrapped() {
	v := jsonata.Bindings{"m": jsonata.NewWrapped(money{cents: 1050})}
	out, _ := jsonata.MustCompile(`{ "cents": $m.cents, "text": $m }`).EvalBytes(context.Background(), nil, v)
	fmt.Println(string(out))
	// Output: {"cents":1050,"text":"10.50"}
}

func ExampleWrapped() {
	var w jsonata.Wrapped = money{cents: 5}
	fmt.Println(w.JSON())
	// Output: "0.05"
}

func ExampleFormat() {
	out, _ := jsonata.Format(`items[ price>10 ].{"n":name /* shown */}`)
	fmt.Print(out)
	// Output: items[price > 10].{ "n": name /* shown */ }
}

func ExampleLint() {
	sample, _ := jsonata.Decode([]byte(`{"items":[{"name":"x"}]}`))
	findings, _ := jsonata.Lint(`items.{ "n": nam, "c": $cont(1) }`, jsonata.LintOptions{Sample: sample})
	for _, f := range findings {
		fmt.Println(f.Position, f.Message)
	}
	// Output:
	// 13 path nam finds nothing in the sample
	// 23 there is no function $cont
}

func ExampleFunction() {
	f := jsonata.Function{Name: "id", Params: 1, Call: func(_ context.Context, a []jsonata.Value) (jsonata.Value, error) { return a[0], nil }}
	out, _ := jsonata.MustCompile(`$id(3)`, jsonata.WithFunction(f)).EvalAny(context.Background(), nil)
	fmt.Println(out)
	// Output: 3
}

func ExampleFinding() {
	fmt.Println(jsonata.Finding{Code: "unknown-variable", Name: "$x", Message: "variable $x is never bound"}.Message)
	// Output: variable $x is never bound
}

func ExampleLintOptions() {
	findings, _ := jsonata.Lint(`$rate * $send(n)`, jsonata.LintOptions{Variables: []string{"rate"}, Functions: []string{"send"}})
	fmt.Println(len(findings))
	// Output: 0
}
