package obs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// inboundMetrics count what vendors deliver.
type inboundMetrics struct {
	deliveries, refused *prometheus.CounterVec
}

func newInboundMetrics() inboundMetrics {
	m := inboundMetrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "inbound_deliveries_total", Help: "Deliveries of vendors on this node: received, unrouted (of no account that is known), duplicate, handshake, and later processed or failed.",
		}, []string{"outcome"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "inbound_refused_total", Help: "Deliveries of vendors that were not taken, by the code that says why.",
		}, []string{"reason"}),
	}
	for _, outcome := range []string{"received", "unrouted", "duplicate", "handshake", "processed", "failed"} {
		m.deliveries.WithLabelValues(outcome) // an alert can tell 0 from nothing
	}
	return m
}

// CountInbound counts deliveries of vendors with an outcome.
func (m *Metrics) CountInbound(outcome string, n int) {
	m.inbound.deliveries.WithLabelValues(outcome).Add(float64(n))
}

// RefuseInbound counts a delivery of a vendor that was not taken.
func (m *Metrics) RefuseInbound(reason string) { m.inbound.refused.WithLabelValues(reason).Inc() }

// WatchInbound exports how many deliveries wait to become events, and for how long the
// first of them has; waiting is called at each scrape, from any goroutine, and is false
// when it cannot be told now.
func (m *Metrics) WatchInbound(waiting func() (count int64, oldest time.Duration, ok bool)) {
	m.registry.MustRegister(&inboundCollector{
		waiting: waiting,
		count:   prometheus.NewDesc("inbound_waiting_deliveries", "Deliveries of vendors that wait to become events, of all nodes, up to 10,000.", nil, nil),
		oldest:  prometheus.NewDesc("inbound_oldest_waiting_seconds", "How long the first of them has waited.", nil, nil),
	})
}

type inboundCollector struct {
	waiting       func() (int64, time.Duration, bool)
	count, oldest *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *inboundCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.count
	descs <- c.oldest
}

// Collect implements prometheus.Collector, like that of the jobs.
func (c *inboundCollector) Collect(metrics chan<- prometheus.Metric) {
	count, oldest, ok := c.waiting()
	if !ok {
		return
	}
	metrics <- prometheus.MustNewConstMetric(c.count, prometheus.GaugeValue, float64(count))
	metrics <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, oldest.Seconds())
}
