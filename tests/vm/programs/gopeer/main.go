// SPDX-License-Identifier: Apache-2.0

// gopeer is a SPIFFE peer without Kith, on Go's crypto/tls.
//
//	gopeer serve ADDRESS CERT KEY BUNDLE    one connection: says whom it took
//	gopeer dial ADDRESS CERT KEY BUNDLE     one connection: likewise
//	gopeer hear ADDRESS CERT KEY BUNDLE     dials, and lets the server speak first
//
// All say one line, hear until the end, and print the peer's SPIFFE ID and what
// they heard. KITH_ALPN offers an application protocol.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// peerID verifies a chain against the bundle, as an X.509-SVID.
func peerID(chain []*x509.Certificate, roots *x509.CertPool) (string, error) {
	if len(chain) == 0 {
		return "", errors.New("no certificate")
	}
	middle := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		middle.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: middle,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return "", err
	}
	if len(chain[0].URIs) != 1 || chain[0].URIs[0].Scheme != "spiffe" {
		return "", errors.New("not an X.509-SVID")
	}
	return chain[0].URIs[0].String(), nil
}

func config(cert, key, bundle string) *tls.Config {
	pair, err := tls.LoadX509KeyPair(cert, key)
	check(err)
	pem, err := os.ReadFile(bundle)
	check(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		check(errors.New("no certificate in " + bundle))
	}
	var protocols []string
	if alpn := os.Getenv("KITH_ALPN"); alpn != "" {
		protocols = strings.Split(alpn, ",")
	}
	return &tls.Config{
		Certificates:       []tls.Certificate{pair},
		ClientAuth:         tls.RequireAnyClientCert,
		InsecureSkipVerify: true, // SPIFFE IDs are verified below, not host names
		MinVersion:         tls.VersionTLS13,
		NextProtos:         protocols,
		VerifyConnection: func(state tls.ConnectionState) error {
			_, err := peerID(state.PeerCertificates, roots)
			return err
		},
	}
}

func say(conn *tls.Conn) {
	_, err := fmt.Fprintln(conn, "hello from go")
	check(err)
}

func hear(conn *tls.Conn) {
	text, err := io.ReadAll(conn)
	check(err)
	fmt.Printf("heard %s\n", text)
}

func talk(conn *tls.Conn, steps ...func(*tls.Conn)) {
	conn.SetDeadline(time.Now().Add(2 * time.Minute))
	check(conn.Handshake())
	state := conn.ConnectionState()
	fmt.Println("peer", state.PeerCertificates[0].URIs[0], "alpn", state.NegotiatedProtocol)
	for _, step := range steps {
		step(conn)
	}
	check(conn.Close())
}

func dial(address string, settings *tls.Config) *tls.Conn {
	conn, err := net.Dial("tcp", address)
	check(err)
	return tls.Client(conn, settings)
}

func serve(address string, settings *tls.Config) *tls.Conn {
	listener, err := net.Listen("tcp", address)
	check(err)
	fmt.Println("listening")
	conn, err := listener.Accept()
	check(err)
	return tls.Server(conn, settings)
}

func main() {
	if len(os.Args) != 6 {
		fmt.Println("usage: gopeer serve|dial|hear ADDRESS CERT KEY BUNDLE")
		os.Exit(2)
	}
	address, settings := os.Args[2], config(os.Args[3], os.Args[4], os.Args[5])
	switch os.Args[1] {
	case "serve":
		talk(serve(address, settings), say, hear)
	case "dial":
		talk(dial(address, settings), say, hear)
	case "hear":
		talk(dial(address, settings), hear, say)
	}
}
