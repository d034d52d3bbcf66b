package rt

// Site names a call or operator for the errors that pass through it. The
// evaluators keep note of the calls in progress instead of catching errors at
// each of them: catching and raising again costs time that grows with the
// square of the depth.
type Site struct {
	Name string
	Pos  int
}

// EnterCall notes that a call begins; the results are for LeaveCall.
func (st *State) EnterCall(s *Site) (site, outer *Site) {
	site, outer = st.Site, st.Outer
	st.Site = s
	if outer == nil {
		st.Outer = s
	}
	return site, outer
}

// LeaveCall notes that the call has returned.
func (st *State) LeaveCall(site, outer *Site) { st.Site, st.Outer = site, outer }

// TailCall notes that a call in tail position begins after the function that
// it stands in has returned to the call in progress.
func (st *State) TailCall(s, site, outer *Site) {
	if outer == nil || outer == site {
		st.Outer = s
	}
	st.Site = s
}

// EnterOp notes that the right side of a logical operator is evaluated.
func (st *State) EnterOp(s *Site) (op, outer *Site) {
	op, outer = st.Op, st.Outer
	if op == nil {
		st.Op = s
	}
	if outer == nil {
		st.Outer = s
	}
	return op, outer
}

// LeaveOp undoes EnterOp.
func (st *State) LeaveOp(op, outer *Site) { st.Op, st.Outer = op, outer }

// Locate is deferred around an evaluation. It gives an error in flight its name
// and place as the reference would: the name of the innermost call unless it
// has one, that of the outermost logical operator in any case, and the place of
// the outermost of them all.
func (st *State) Locate() {
	r := recover()
	if r == nil {
		return
	}
	if e, ok := r.(*Error); ok {
		if st.Site != nil && !e.HasToken() && st.Site.Name != "" {
			e.Tok(st.Site.Name)
		}
		if st.Op != nil {
			e.Tok(st.Op.Name)
		}
		if o := st.Outer; o != nil && (o.Pos > 0 || e.Position < 0) {
			e.At(o.Pos)
		}
	}
	panic(r)
}
