package tool

import (
	"strings"
	"testing"
)

func TestSingular(t *testing.T) {
	t.Parallel()
	for many, one := range map[string]string{
		"contacts": "contact", "companies": "company", "boxes": "box", "addresses": "address", "branches": "branch", "dishes": "dish", "cases": "case",
		"courses": "course", "expenses": "expense", "statuses": "status", "status": "status", "analytics": "analytics", "people": "person", "children": "child",
		"user": "user", "me": "me", "bus": "bus", "ticket_comments": "ticket_comment", "time_off_policies": "time_off_policy", "series": "series", "class": "class",
		"basis": "basis", "ids": "ids",
	} {
		if got := singular(many); got != one {
			t.Errorf("one of %s is %q, want %q", many, got, one)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := newNames("help-desk")
	for _, c := range []struct{ resource, method, want string }{
		{"tickets", "list", "list_all_help_desk_tickets"},
		{"tickets", "get", "get_single_help_desk_ticket_by_id"},
		{"tickets", "create", "create_a_help_desk_ticket"},
		{"tickets", "update", "update_a_help_desk_ticket_by_id"},
		{"tickets", "delete", "delete_a_help_desk_ticket_by_id"},
		{"tickets", "move-stage", "help_desk_tickets_move_stage"},
		{"driveItems", "list", "list_all_help_desk_drive_items"},
		{"HTTPHooks", "list", "list_all_help_desk_httphooks"},
		{"drive-files", "bulkCreate", "help_desk_drive_files_bulk_create"},
		{"größen", "list", "list_all_help_desk_gr__en"},
	} {
		if got := n.of(c.resource, c.method); got != c.want {
			t.Errorf("%s.%s is %s, want %s", c.resource, c.method, got, c.want)
		}
	}
	// Each name is given once, and none is too long.
	seen := map[string]bool{}
	long := strings.Repeat("very_long_", 10)
	for _, resource := range []string{"a-b", "a_b", "aB", long + "one", long + "two"} {
		for _, method := range []string{"list", "get", "search"} {
			name := n.of(resource, method)
			if seen[name] || len(name) > maxName || strings.Contains(name, "-") {
				t.Errorf("%s.%s is %s", resource, method, name)
			}
			seen[name] = true
		}
	}
	if again := newNames("help-desk").of(long+"one", "list"); !seen[again] {
		t.Errorf("another time it is %s", again)
	}
}
