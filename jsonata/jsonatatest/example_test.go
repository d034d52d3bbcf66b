package jsonatatest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sinewhq/sinew/jsonata/jsonatatest"
)

func Example() {
	dir, err := os.MkdirTemp("", "cases")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	group := filepath.Join(dir, "groups", "sums")
	if err := os.MkdirAll(group, 0o755); err != nil {
		panic(err)
	}
	text := `{"expr": "$sum(prices)", "data": {"prices": [1, 2]}, "bindings": {}, "result": 3}`
	if err := os.WriteFile(filepath.Join(group, "case001.json"), []byte(text), 0o644); err != nil {
		panic(err)
	}
	cases, err := jsonatatest.Load(dir, "sums")
	if err != nil {
		panic(err)
	}
	for i := range cases {
		c := &cases[i]
		o := c.Run(context.Background())
		fmt.Println(c.Group, c.Name, o.OK, o.Got)
	}
	// Output: sums case001 true 3
}
