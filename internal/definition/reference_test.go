package definition_test

import (
	"path/filepath"
	"testing"

	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/testkit"
)

// TestReference keeps the page of all keys in step with the table.
func TestReference(t *testing.T) {
	t.Parallel()
	testkit.Golden(t, filepath.Join("..", "..", "docs", "reference", "integration-config.md"), []byte(definition.Reference()))
}
