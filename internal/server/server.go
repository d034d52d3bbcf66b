package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/config"
	"github.com/sinewhq/sinew/internal/connect"
	"github.com/sinewhq/sinew/internal/connectpage"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/httpapi"
	"github.com/sinewhq/sinew/internal/inbound"
	"github.com/sinewhq/sinew/internal/jobs"
	"github.com/sinewhq/sinew/internal/journal"
	"github.com/sinewhq/sinew/internal/notification"
	"github.com/sinewhq/sinew/internal/obs"
	"github.com/sinewhq/sinew/internal/refresh"
	"github.com/sinewhq/sinew/internal/revocation"
	"github.com/sinewhq/sinew/internal/store"
	"github.com/sinewhq/sinew/internal/tool"
	"github.com/sinewhq/sinew/internal/unified"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/webhook"
	"github.com/sinewhq/sinew/internal/wire"
	"github.com/sinewhq/sinew/internal/workflow"
)

// Time limits of the listener. Bodies are bounded in size, so these only have
// to stop callers that hold a connection without using it.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 120 * time.Second
	idleTimeout       = 120 * time.Second
	// usualDrain is how long what is under way may take after a stop, for a
	// configuration that does not say.
	usualDrain = 25 * time.Second
	// forgetInterval is how often memory is rid of accounts that are not called.
	forgetInterval = 5 * time.Second
)

// Server is a running platform.
type Server struct {
	Core *Core
	API  *httpapi.API

	log      *slog.Logger
	refresh  *refresh.Service
	connect  *connect.Service
	unified  *unified.Service
	upstream *upstream.Client
	answers  *escrow.Journal
	journal  *journal.Writer
	runner   *jobs.Runner
	notices  *notification.Service
	hooks    *webhook.Service
	queue    *jobs.Queue
	drain    time.Duration
	listener net.Listener
	http     *http.Server
	stop     context.CancelFunc
	stopJobs context.CancelFunc
	work     sync.WaitGroup
	served   chan error
}

// Open opens the data, listens, and serves in the background. When it returns,
// the server answers. version names the build.
func Open(ctx context.Context, c config.Config, log *slog.Logger, version string) (*Server, error) {
	core, err := OpenCore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), core.Close())
	}
	s := &Server{Core: core, log: log, listener: listener, drain: cmp.Or(c.DrainTimeout, usualDrain), served: make(chan error, 1)}
	if s.answers, err = openAnswers(c, core, log); err != nil {
		return nil, errors.Join(err, listener.Close(), core.Close())
	}
	if s.API, err = s.newAPI(c, version); err != nil {
		if s.journal != nil {
			s.journal.Close()
		}
		return nil, errors.Join(err, listener.Close(), s.answers.Close(), core.Close())
	}
	if err := s.recoverAnswers(ctx); err != nil {
		s.journal.Close()
		return nil, errors.Join(err, listener.Close(), s.answers.Close(), core.Close())
	}
	s.start()
	return s, nil
}

func (s *Server) newAPI(c config.Config, version string) (*httpapi.API, error) {
	cursors, err := wire.NewCursors(s.Core.Store.CursorKey())
	if err != nil {
		return nil, err
	}
	metrics := obs.NewMetrics(version)
	for name := range s.Core.Store.Stats() {
		metrics.WatchPool(name, func() obs.PoolStats { return poolStats(s.Core.Store.Stats()[name]) })
	}
	if s.upstream, err = newUpstream(c); err != nil {
		return nil, err
	}
	byAction := &exchange{}
	s.refresh = newRefresh(s.Core, byAction, s.answers, s.upstream, metrics, s.log)
	if s.connect, err = newConnect(s.Core, s.answers, s.upstream, s.URL(c), s.log); err != nil {
		return nil, err
	}
	pages, err := connectpage.New()
	if err != nil {
		return nil, err
	}
	s.journal = journal.NewWriter(s.Core.Store, metrics, s.log, journal.Retention{Age: c.LogRetention, Bytes: c.LogMaxSize})
	calls := newProxy(s.Core, s.upstream, s.refresh, s.journal, metrics, s.log)
	s.unified = newUnified(s.Core, calls, s.log)
	actions := newActions(s.Core, calls, s.unified, s.log)
	byAction.Service = actions
	s.hooks = webhook.New(s.Core.Store, s.upstream, s.log)
	if s.notices, err = newNotifications(c, s.Core.Store, s.upstream, s.URL(c), s.log); err != nil {
		return nil, err
	}
	flows := workflow.New(workflow.Config{Store: s.Core.Store, Proxy: calls, Unified: s.unified, Accounts: s.Core.Accounts, Sender: s.upstream, Log: s.log})
	deliveries := inbound.New(inbound.Config{
		Store: s.Core.Store, Accounts: s.Core.Accounts, Unified: s.unified, Sender: s.upstream, Log: s.log, Metrics: metrics, Kept: c.InboundRetention,
		Quota: inbound.Quota{Deliveries: c.LimitInbound, Bytes: c.LimitInboundSize},
	})
	s.runner = newRunner(s.Core, workers{s.Core.Accounts, s.refresh, actions, s.connect, revocation.New(s.Core.Store, s.upstream, s.log), s.hooks, deliveries, flows, s.notices, s.journal, c.InboundRetention, c.EventRetention}, s.drain, metrics, s.log)
	s.queue = jobs.NewQueue(s.Core.Store, s.runner)
	metrics.WatchJobs(s.jobDepths)
	metrics.WatchInbound(s.inboundDepth)
	s.Core.Store.OnJobs(s.runner.Wake)
	operations := httpapi.ControlPlane(httpapi.Engines{
		Access: s.Core.Access, Accounts: s.Core.Accounts, Integrations: s.Core.Integrations, Models: s.Core.Models, Manual: s.Core.Manual, Tools: tool.New(s.Core.Store, s.Core.Manual), Workspace: s.Core.Workspace,
		Journal: journal.New(s.Core.Store), Refresh: s.refresh, Connect: s.connect, Webhooks: s.hooks, Inbound: deliveries, Queue: s.queue, Workflows: flows, Notify: s.notices,
		Ready: s.readiness(c), Metrics: metrics.Handler(), RefusalPage: pages.Refusal,
	})
	plane := dataPlane(s.Core, calls, s.unified, actions, s.log)
	return httpapi.New(httpapi.Config{
		Context: store.WithOneLook,
		Settings: httpapi.Settings{
			ListAlias: c.ListAlias, LimitToken: c.LimitToken, LimitAccount: c.LimitAccount, PublicURL: s.URL(c), Version: version,
		},
		Auth: s.Core.Access, Links: s.connect, Completing: connect.Completing{Service: s.connect}, Cursors: cursors, Log: s.log, Metrics: metrics,
		Exceeded: s.notices.Exceeded,
	}, append(operations, plane, pages.Operations())...)
}

func (s *Server) start() {
	s.http = &http.Server{
		Handler: s.API, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.http.RegisterOnShutdown(s.hooks.Stop)
	working, stopJobs := context.WithCancel(context.Background())
	s.stopJobs = stopJobs
	s.work.Go(func() { s.served <- s.http.Serve(s.listener) })
	s.work.Go(func() { s.forget(ctx) })
	s.work.Go(func() { s.unified.Watch(ctx) })
	s.work.Go(func() { s.answers.Run(ctx, s.appliers()) })
	s.work.Go(func() { s.runner.Run(working) })
	s.work.Go(func() { s.notices.Run(ctx) })
}

// URL returns the address under which callers reach the server.
func (s *Server) URL(c config.Config) string { return c.BaseURL(s.listener.Addr().String()) }

// Addr returns the address that the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Wait returns when ctx ends or the listener breaks.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.served:
		return fmt.Errorf("serve: %w", err)
	}
}

// Close stops listening and takes no more jobs, lets what is under way finish as long
// as it may, breaks off what has not by then, and closes the data.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	s.stopJobs()
	s.connect.Stop()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		// Whoever stops the server has set the time: this is an end as any other.
		s.log.Warn("the drain timeout is over: requests under way are cut off", "drain_timeout", s.drain.String())
		err = s.http.Close()
	}
	s.stop()
	s.work.Wait()
	s.upstream.Close()
	s.journal.Close()
	return errors.Join(err, s.answers.Close(), s.Core.Close())
}

// forget rids memory of what is not called, from time to time.
func (s *Server) forget(ctx context.Context) {
	ticker := time.NewTicker(forgetInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			s.Core.Accounts.Forget(now)
			s.unified.Forget(now)
		}
	}
}
