package httpapi

import (
	"context"
	"net/http"

	"github.com/sinewhq/sinew/internal/access"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/inbound"
	"github.com/sinewhq/sinew/internal/integration"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/journal"
	"github.com/sinewhq/sinew/internal/manual"
	"github.com/sinewhq/sinew/internal/notification"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/tool"
	"github.com/sinewhq/sinew/internal/unifiedmodel"
	"github.com/sinewhq/sinew/internal/webhook"
	"github.com/sinewhq/sinew/internal/workflow"
	"github.com/sinewhq/sinew/internal/workspace"
)

// Engines carry out what the control plane's operations ask for.
type Engines struct {
	Access       *access.Service
	Accounts     *account.Service
	Integrations *integration.Service
	Models       *unifiedmodel.Service
	Manual       *manual.Service
	Tools        *tool.Service
	Workspace    *workspace.Service
	Journal      *journal.Service
	Refresh      *refresh.Service
	Connect      *connect.Service
	Webhooks     *webhook.Service
	Inbound      *inbound.Service
	Queue        *jobs.Queue
	Workflows    *workflow.Service
	Notify       *notification.Service
	// Ready reports whether the server can work, and what the parts say.
	Ready func(context.Context) Readiness
	// Metrics serves the Prometheus page.
	Metrics http.Handler
	// RefusalPage is shown to a browser that goes no further on its way to a vendor or
	// back.
	RefusalPage func(*http.Request, int, ConsentRefusal) Answer
}

// ControlPlane returns the operations of the control plane.
func ControlPlane(e Engines) [][]Operation {
	renderer := e.Accounts.Renderer()
	return [][]Operation{
		logOperations(e.Journal),
		serviceOperations(e),
		teamOperations(e.Workspace),
		tokenOperations(e.Access),
		integrationOperations(e.Integrations),
		installationOperations(e.Integrations),
		catalogOperations(e.Integrations),
		unifiedModelOperations(e.Models),
		modelRenewalOperations(e.Models),
		modelRequestOperations(e.Models),
		installedModelOperations(e.Models),
		mappingOperations(e.Models),
		modelCatalogOperations(e.Models),
		documentationOperations(e.Manual),
		discoveryOperations(e.Tools),
		tenantOperations(e.Workspace),
		gateOperations(e.Workspace),
		webhookOperations(e.Webhooks),
		inboundOperations(e.Inbound),
		jobOperations(e.Queue),
		workflowOperations(e.Workflows),
		eventOperations(e.Webhooks),
		notificationOperations(e.Notify),
		accountOperations(e.Accounts, e.Access, renderer),
		batchOperations(e.Accounts),
		lifeOperations(e.Accounts),
		revocationOperations(e.Accounts),
		refreshOperations(e.Refresh),
		sandboxOperations(e.Accounts, renderer),
		linkOperations(e.Connect),
		connectOperations(e.Connect),
		consentOperations(e.Connect, e.RefusalPage),
	}
}
