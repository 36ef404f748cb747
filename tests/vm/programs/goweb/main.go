// SPDX-License-Identifier: Apache-2.0

// goweb is an ordinary program: a web server and client of Go's own library,
// which knows nothing of Kith.
//
//	goweb serve ADDRESS     answers until it is killed
//	goweb get URL [COUNT]   gets a page; one line of its body and length each time
//	goweb post URL BYTES    posts that many bytes and prints the answer

// As in a module that says go 1.24: listeners ask for MPTCP first.
//
//go:debug default=go1.24
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
)

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "a page of goweb for %s\n", r.URL.Path)
}

// count answers with the length of what was posted.
func count(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	fmt.Fprintf(w, "%d bytes, error %v\n", n, err)
}

// big answers with as many bytes as the query asks for.
func big(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.ParseInt(r.URL.RawQuery, 10, 64)
	io.CopyN(w, zeroes{}, n)
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }

func serve(address string) {
	http.HandleFunc("/", hello)
	http.HandleFunc("/count", count)
	http.HandleFunc("/big", big)
	log.Fatal(http.ListenAndServe(address, nil))
}

func show(response *http.Response, err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	line, _, _ := bytes.Cut(body, []byte("\n"))
	if len(line) > 200 {
		line = line[:200]
	}
	fmt.Printf("%s %d bytes, error %v: %q\n", response.Status, len(body), err, line)
}

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: goweb serve ADDRESS | get URL [COUNT] | post URL BYTES")
	}
	number := 1
	if len(os.Args) > 3 {
		number, _ = strconv.Atoi(os.Args[3])
	}
	switch os.Args[1] {
	case "serve":
		serve(os.Args[2])
	case "get":
		for i := 0; i < number; i++ {
			show(http.Get(os.Args[2]))
		}
	case "post":
		body := bytes.NewReader(make([]byte, number))
		show(http.Post(os.Args[2], "application/octet-stream", body))
	}
}
