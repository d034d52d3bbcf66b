package sinew

// JobInstallAccount is the kind of the jobs that take connecting accounts through
// post-install and validation. Their arguments are the account's environment and
// id.
const JobInstallAccount = "install_account"

// NoInstall stands for the id of a run where there are no steps to take.
const NoInstall = "none"

// InstallRun is how far the steps of a connecting account are.
type InstallRun struct {
	// ID tells a run from an earlier one, which a new connection has ended.
	ID string
	// State is what the run keeps between its steps, nil at its beginning.
	State []byte
}
