package manual

import (
	"context"
	"fmt"

	"github.com/microcosm-cc/bluemonday"

	"github.com/sinewhq/sinew/internal/expression"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// htmlWriter makes HTML of Markdown, which may come from another team: what is not
// known to be harmless is left out. It is safe for concurrent use.
type htmlWriter struct {
	convert *expression.Expression
	policy  *bluemonday.Policy
}

func newHTMLWriter(engine *expression.Engine) (*htmlWriter, error) {
	convert, err := engine.Compile("$convertMarkdownToHtml(markdown)")
	if err != nil {
		return nil, fmt.Errorf("compile the conversion of Markdown: %w", err)
	}
	return &htmlWriter{convert: convert, policy: bluemonday.UGCPolicy()}, nil
}

func (w *htmlWriter) html(ctx context.Context, markdown string) (string, error) {
	input := (&expression.Input{}).Value("markdown", jsonx.StringValue(markdown))
	converted, err := w.convert.Value(ctx, input)
	if err != nil {
		return "", fmt.Errorf("convert Markdown to HTML: %w", err)
	}
	return w.policy.Sanitize(converted.Str()), nil
}
