package obs

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// JobDepth is what stands in line of one kind of job.
type JobDepth struct {
	Kind string
	// Counts are the jobs by their state.
	Counts   map[string]int64
	Retrying int64
	// Oldest is how long the first one has been due; 0 for none.
	Oldest time.Duration
}

// WatchJobs exports the depth of the job queue; depths is called at each scrape, from
// any goroutine, and is false when it cannot be told now.
func (m *Metrics) WatchJobs(depths func() (all []JobDepth, ok bool)) {
	m.registry.MustRegister(&jobCollector{
		depths:   depths,
		jobs:     prometheus.NewDesc("job_queue_jobs", "Jobs of all nodes, by state, up to 10,000 each: due, scheduled for later, waiting for another of their key, running, failed.", []string{"kind", "state"}, nil),
		retrying: prometheus.NewDesc("job_queue_retrying_jobs", "Jobs in line that have been tried before.", []string{"kind"}, nil),
		oldest:   prometheus.NewDesc("job_queue_oldest_due_seconds", "How long the first job in line has been due.", []string{"kind"}, nil),
	})
}

// ObserveJob counts a try of a job on this node.
func (m *Metrics) ObserveJob(kind, outcome string, took time.Duration) {
	m.jobTries.WithLabelValues(kind, outcome).Inc()
	m.jobDuration.WithLabelValues(kind).Observe(took.Seconds())
}

type jobCollector struct {
	depths                 func() ([]JobDepth, bool)
	jobs, retrying, oldest *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *jobCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.jobs
	descs <- c.retrying
	descs <- c.oldest
}

// Collect implements prometheus.Collector. Without figures it exports none: an old one
// would hide that the database is away.
func (c *jobCollector) Collect(metrics chan<- prometheus.Metric) {
	all, ok := c.depths()
	if !ok {
		return
	}
	for _, d := range all {
		for state, n := range d.Counts {
			metrics <- prometheus.MustNewConstMetric(c.jobs, prometheus.GaugeValue, float64(n), d.Kind, state)
		}
		metrics <- prometheus.MustNewConstMetric(c.retrying, prometheus.GaugeValue, float64(d.Retrying), d.Kind)
		metrics <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, d.Oldest.Seconds(), d.Kind)
	}
}
