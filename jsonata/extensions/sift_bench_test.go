package extensions_test

import (
	"testing"

	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

func BenchmarkSift(b *testing.B) {
	in, err := jsonata.Decode([]byte(`{"p":{"address":"1","city":"2","state":null,"zip":"3","country":"4","email":"5","fax":null,"firstname":"6","lastname":"7","jobtitle":"8","phone":"9","website":"a","company":"b","loyalty_level":"gold","hs_object_id":"1","createdate":"c","lastmodifieddate":"d","twitterhandle":"e","mobilephone":"f","hubspot_owner_id":"g"}}`))
	if err != nil {
		b.Fatal(err)
	}
	const source = `$sift(p, function($v, $k) { $v != null and $not($k in ['address','city','state','zip','country','email','fax','firstname','lastname','jobtitle','phone','website','company','hs_object_id','createdate']) })`
	for name, options := range map[string][]jsonata.Option{"standard": nil, "extensions": {extensions.With()}} {
		x := jsonata.MustCompile(source, options...)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x.Eval(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
