package sinew

import "time"

// Schedule has a job enqueued whenever its cron expression is due, in UTC. Each
// occurrence counts once, on any number of nodes. Those that are missed while no
// node works are made up for by one job. The jobs of a schedule follow each other:
// an occurrence that comes while the job of the one before waits in line is the same
// job.
type Schedule struct {
	// Name is unique in the installation.
	Name          string
	EnvironmentID string // "" for work of the whole installation
	// Cron has five fields (minute, hour, day, month, weekday), or is @hourly, @daily,
	// @weekly, @monthly or @yearly.
	Cron    string
	Enabled bool

	// Kind, Args, Priority and MaxAttempts are those of the jobs.
	Kind        string
	Args        JSON
	Priority    int
	MaxAttempts int

	// NextRunAt is when it is due next, the zero time for never.
	NextRunAt time.Time
	// LastRunAt is the occurrence that it was due last, the zero time for none.
	LastRunAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Job is the job of the occurrence that the schedule is due at.
func (s Schedule) Job() Job {
	key := "schedule:" + s.Name
	return Job{
		Kind: s.Kind, EnvironmentID: s.EnvironmentID, Args: s.Args, UniqueKey: key, ConcurrencyKey: key,
		Priority: s.Priority, MaxAttempts: s.MaxAttempts, RunAt: s.NextRunAt,
	}
}
