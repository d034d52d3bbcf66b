package simulator

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestPublishedSignatures checks the verifiers by the examples of the documents
// that they follow.
func TestPublishedSignatures(t *testing.T) {
	t.Parallel()
	// RFC 5849 section 1.2, with the credentials that it says were used.
	r := httptest.NewRequest("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", nil)
	r.Header.Set("Authorization", `OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"`)
	o := &oauth1{consumer: [2]string{"dpf43f3p2l4k3l03", "kd94hf93k423kf44"}, token: [2]string{"nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"}, seen: newMemory()}
	at := time.Unix(137131202, 0)
	if _, err := o.verify(r, nil, at); err != nil {
		t.Error(err)
	}
	if _, err := o.verify(r, nil, at); err == nil {
		t.Error("a nonce was taken twice")
	}

	// RFC 7616 section 3.9.1.
	fields := map[string]string{
		"username": "Mufasa", "realm": "http-auth@example.org", "uri": "/dir/index.html", "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "nc": "00000001", "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "qop": "auth",
	}
	for algorithm, want := range map[string]string{"MD5": "8ca523f5e9506fed4657c9700eebdbec", "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"} {
		if got := digestResponse(algorithm, "Circle of Life", "GET", nil, fields); got != want {
			t.Errorf("%s: got %s, want %s", algorithm, got, want)
		}
	}

	// get-vanilla of the test suite of AWS.
	r = httptest.NewRequest("GET", "http://example.amazonaws.com/", nil)
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")
	aws := sigV4{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service"}
	if _, err := aws.verify(r, nil, time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
	if _, err := aws.verify(r, []byte("x"), time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)); err == nil {
		t.Error("another body was taken")
	}
	if _, err := aws.verify(r, nil, time.Date(2015, 8, 30, 13, 36, 0, 0, time.UTC)); err == nil {
		t.Error("an old signature was taken")
	}
}

// TestDigestNonces holds that counts are used once, and nonces for a while.
func TestDigestNonces(t *testing.T) {
	t.Parallel()
	d := newDigest(SignedDigest, "u", "p")
	challenge := d.challenge(false).Get("Www-Authenticate")
	_, nonce, _ := strings.Cut(challenge, `nonce="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	for _, e := range []struct {
		nonce, count string
		stale, ok    bool
	}{
		{nonce, "00000001", false, true},
		{nonce, "00000001", false, false},
		{nonce, "00000003", false, true},
		{nonce, "00000002", false, false},
		{nonce, "x", false, false},
		{"made up", "00000001", true, false},
		{nonce, "00000020", false, true},
		{nonce, "00000021", true, false},
	} {
		wants, err := d.count(e.nonce, e.count)
		if (err == nil) != e.ok || strings.Contains(wants.Get("Www-Authenticate"), "stale=true") != e.stale {
			t.Errorf("%s of %s: %v, %v", e.count, e.nonce, wants, err)
		}
	}
}
