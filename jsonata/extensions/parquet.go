package extensions

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"github.com/sinewhq/sinew/jsonata"
)

// parquetColumn is a column under construction: its values and their type.
type parquetColumn struct {
	name string
	vals []value
	node parquet.Node
	cell func(v value) parquet.Value
}

// jsonToParquet writes rows as a Parquet file. Columns are the union of all
// members; their types are those that hold all values.
func jsonToParquet(a args) (value, error) {
	rows := compact(args{a.at(0)}).Arr().Items()
	columns := parquetColumns(rows)
	if len(rows) == 0 || len(columns) == 0 {
		return value{}, errors.New("jsonToParquet: there are no rows or no columns")
	}
	o := options{a.at(1)}
	codec, err := parquetCodec(o.text("codec", "SNAPPY"))
	if err != nil {
		return value{}, err
	}
	group := parquet.Group{}
	for _, c := range columns {
		group[c.name] = parquet.Optional(parquet.Compressed(c.node, codec))
	}
	schema := parquet.NewSchema("rows", group)
	// A schema made of a group has its columns in alphabetical order.
	slices.SortFunc(columns, func(x, y *parquetColumn) int {
		if x.name < y.name {
			return -1
		}
		return 1
	})
	var buf bytes.Buffer
	w := parquet.NewWriter(&buf, schema, parquet.MaxRowsPerRowGroup(int64(math.Max(1, o.number("rowGroupSize", 100_000)))))
	for i := range rows {
		row := make(parquet.Row, len(columns))
		for k, c := range columns {
			if isNil(c.vals[i]) {
				row[k] = parquet.NullValue().Level(0, 0, k)
			} else {
				row[k] = c.cell(c.vals[i]).Level(0, 1, k)
			}
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			return value{}, err
		}
	}
	if err := w.Close(); err != nil {
		return value{}, err
	}
	return newBuffer(buf.Bytes()), nil
}

func parquetCodec(name string) (compress.Codec, error) {
	switch name {
	case "SNAPPY":
		return &parquet.Snappy, nil
	case "GZIP":
		return &parquet.Gzip, nil
	case "ZSTD":
		return &parquet.Zstd, nil
	case "UNCOMPRESSED":
		return &parquet.Uncompressed, nil
	}
	return nil, errors.New("jsonToParquet: unknown codec " + name)
}

func parquetColumns(rows []value) []*parquetColumn {
	var columns []*parquetColumn
	index := map[string]*parquetColumn{}
	for i, row := range rows {
		names, vals := members(row)
		for k, n := range names {
			c := index[n]
			if c == nil {
				c = &parquetColumn{name: n, vals: make([]value, len(rows))}
				index[n] = c
				columns = append(columns, c)
			}
			c.vals[i] = vals[k]
		}
	}
	for _, c := range columns {
		c.infer()
	}
	return columns
}

// infer finds the narrowest type for the values of the column.
func (c *parquetColumn) infer() {
	nested, bools, ints, small, numbers, any := false, true, true, true, true, false
	for _, v := range c.vals {
		if isNil(v) {
			continue
		}
		any = true
		nested = nested || v.IsArray() || v.IsObject() || v.IsHost()
		bools = bools && v.IsBool()
		numbers = numbers && v.IsNumber()
		f := v.Float()
		ints = ints && v.IsNumber() && f == math.Trunc(f) && math.Abs(f) < 1<<63
		small = small && f <= math.MaxInt32 && f >= math.MinInt32
	}
	text := func(v value) parquet.Value { return parquet.ByteArrayValue([]byte(scriptText(v))) }
	switch {
	case nested:
		c.node, c.cell = parquet.JSON(), func(v value) parquet.Value {
			if v.IsString() {
				return text(v)
			}
			data, _ := jsonata.Encode(v)
			return parquet.ByteArrayValue(data)
		}
	case any && bools:
		c.node, c.cell = parquet.Leaf(parquet.BooleanType), func(v value) parquet.Value { return parquet.BooleanValue(v.IsTrue()) }
	case any && ints && small:
		c.node, c.cell = parquet.Leaf(parquet.Int32Type), func(v value) parquet.Value { return parquet.Int32Value(int32(v.Float())) }
	case any && ints:
		c.node, c.cell = parquet.Leaf(parquet.Int64Type), func(v value) parquet.Value { return parquet.Int64Value(int64(v.Float())) }
	case any && numbers:
		c.node, c.cell = parquet.Leaf(parquet.DoubleType), func(v value) parquet.Value { return parquet.DoubleValue(v.Float()) }
	default:
		c.node, c.cell = parquet.String(), text
	}
}
