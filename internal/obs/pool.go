package obs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// PoolStats is the state of a database connection pool.
type PoolStats struct {
	MaxOpen      int // 0 means no limit
	Open         int
	InUse        int
	Idle         int
	WaitCount    int64
	WaitDuration time.Duration
}

// WatchPool exports a connection pool; stats is called at each scrape, from
// any goroutine. Each name may be watched once.
func (m *Metrics) WatchPool(name string, stats func() PoolStats) {
	m.registry.MustRegister(newPoolCollector(name, stats))
}

type poolCollector struct {
	stats func() PoolStats

	maxOpen, open, inUse, idle, waits, waited *prometheus.Desc
}

func newPoolCollector(name string, stats func() PoolStats) *poolCollector {
	desc := func(metric, help string) *prometheus.Desc {
		return prometheus.NewDesc("db_pool_"+metric, help, nil, prometheus.Labels{"pool": name})
	}
	return &poolCollector{
		stats:   stats,
		maxOpen: desc("max_open_connections", "Limit of open connections; 0 for none."),
		open:    desc("open_connections", "Open connections."),
		inUse:   desc("in_use_connections", "Connections in use."),
		idle:    desc("idle_connections", "Connections that wait for use."),
		waits:   desc("waits_total", "Times that a caller waited for a connection."),
		waited:  desc("wait_seconds_total", "Time that callers waited for connections."),
	}
}

// Describe implements prometheus.Collector.
func (c *poolCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.maxOpen, c.open, c.inUse, c.idle, c.waits, c.waited} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector.
func (c *poolCollector) Collect(metrics chan<- prometheus.Metric) {
	s := c.stats()
	gauge := func(desc *prometheus.Desc, v int) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(v))
	}
	gauge(c.maxOpen, s.MaxOpen)
	gauge(c.open, s.Open)
	gauge(c.inUse, s.InUse)
	gauge(c.idle, s.Idle)
	metrics <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(s.WaitCount))
	metrics <- prometheus.MustNewConstMetric(c.waited, prometheus.CounterValue, s.WaitDuration.Seconds())
}
