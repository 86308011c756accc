// The answer of Go's own resolver; ../libc/ask.c says how it is asked and how it answers.
//
// Go has no error codes: "not found" is a DNSError that says so, or no address of the family asked
// for; anything else is "failed".
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(strings.TrimPrefix(runtime.Version(), "go"))
		return
	}
	if len(os.Args) != 3 {
		os.Exit(1)
	}
	answer, err := ask(os.Args[1], os.Args[2])
	var dnsError *net.DNSError
	var addressError *net.AddrError
	switch {
	case err == nil:
		fmt.Println(answer)
	case errors.As(err, &dnsError) && dnsError.IsNotFound, errors.As(err, &addressError):
		fmt.Println("!not found")
	default:
		fmt.Fprintln(os.Stderr, err)
		fmt.Println("!failed")
	}
}

func ask(kind, name string) (string, error) {
	ctx := context.Background()
	resolver := net.Resolver{PreferGo: true}
	// There is nothing like AI_ADDRCONFIG.
	kind = strings.TrimSuffix(kind, "+addrconfig")
	switch kind {
	case "canonical":
		name, err := resolver.LookupCNAME(ctx, name)
		return withoutDot(name), err
	case "reverse":
		names, err := resolver.LookupAddr(ctx, name)
		if err != nil {
			return "", err
		}
		return withoutDot(names[0]), nil
	}
	var words []string
	if kind == "unspec" {
		addresses, err := resolver.LookupIPAddr(ctx, name)
		if err != nil {
			return "", err
		}
		for _, address := range addresses {
			words = append(words, address.String())
		}
	} else {
		network := map[string]string{"inet": "ip4", "inet6": "ip6"}[kind]
		addresses, err := resolver.LookupIP(ctx, network, name)
		if err != nil {
			return "", err
		}
		for _, address := range addresses {
			words = append(words, address.String())
		}
	}
	return strings.Join(words, " "), nil
}

// Go puts a dot after names that are fully qualified; the others do not.
func withoutDot(name string) string {
	return strings.TrimSuffix(name, ".")
}
