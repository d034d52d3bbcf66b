package obs

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the server does, in a registry of its own. It is safe
// for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests         *prometheus.CounterVec
	requestDuration  *prometheus.HistogramVec
	upstream         *prometheus.CounterVec
	upstreamDuration *prometheus.HistogramVec
	droppedLogs      prometheus.Counter
	refreshes        *prometheus.CounterVec
	jobTries         *prometheus.CounterVec
	jobDuration      *prometheus.HistogramVec
	inbound          inboundMetrics
}

// NewMetrics makes the metrics of one server; version names the build.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered.",
		}, []string{"route", "method", "status"}),
		requestDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer a request.", Buckets: requestBuckets(),
		}, []string{"route", "method"}),
		upstream: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "upstream_requests_total", Help: "Calls to vendors. The status is \"none\" when no answer came.",
		}, []string{"integration", "status"}),
		upstreamDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "upstream_request_duration_seconds", Help: "Time to a vendor's answer.", Buckets: upstreamBuckets(),
		}, []string{"integration"}),
	}
	m.droppedLogs = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "log_dropped_total", Help: "Log records of calls that were not kept, because they came faster than they could be written or the database failed.",
	})
	m.refreshes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "token_refreshes_total", Help: "Refreshes of accounts' tokens: stored, overtaken by a later one, failed for now, refused for good, or refused after an answer was lost (unknown).",
	}, []string{"integration", "outcome"})
	m.jobTries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "job_tries_total", Help: "Tries of jobs on this node: done, put_off until later, retrying, failed for good, cancelled, or given_back by a node that stopped or lost the job.",
	}, []string{"kind", "outcome"})
	m.jobDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "job_duration_seconds", Help: "Time that a try of a job took on this node.", Buckets: jobBuckets(),
	}, []string{"kind"})
	m.inbound = newInboundMetrics()
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "build_info", Help: "The build that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	}, func() float64 { return 1 })
	m.registry.MustRegister(m.requests, m.requestDuration, m.upstream, m.upstreamDuration, m.droppedLogs, m.refreshes, m.jobTries, m.jobDuration, m.inbound.deliveries, m.inbound.refused, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// ObserveRefresh counts what came of a refresh.
func (m *Metrics) ObserveRefresh(integration, outcome string) {
	m.refreshes.WithLabelValues(integration, outcome).Inc()
}

// DropLogs counts log records that were not kept.
func (m *Metrics) DropLogs(n int) { m.droppedLogs.Add(float64(n)) }

// requestBuckets resolve the store's bars of 1 and 5 milliseconds.
func requestBuckets() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

func upstreamBuckets() []float64 {
	return []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120}
}

func jobBuckets() []float64 {
	return []float64{.005, .025, .1, .5, 1, 5, 15, 60, 300, 1800}
}

// ObserveRequest counts an answered request. The route is the pattern, never
// the path, which would make a series of every id.
func (m *Metrics) ObserveRequest(route, method string, status int, elapsed time.Duration) {
	method = knownMethod(method)
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	m.requestDuration.WithLabelValues(route, method).Observe(elapsed.Seconds())
}

// ObserveUpstream counts a call to a vendor; status 0 means that no answer
// came.
func (m *Metrics) ObserveUpstream(integration string, status int, elapsed time.Duration) {
	text := "none"
	if status != 0 {
		text = strconv.Itoa(status)
	}
	m.upstream.WithLabelValues(integration, text).Inc()
	m.upstreamDuration.WithLabelValues(integration).Observe(elapsed.Seconds())
}

// knownMethod keeps made-up methods of clients from becoming series.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}

// Handler serves the metrics in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
