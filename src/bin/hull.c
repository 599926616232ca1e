/* SPDX-License-Identifier: Apache-2.0 */
/* The client, hull; answers as docker when called by that name. */
#include "base/strutil.h"
#include "cli/cli.h"
#include "client/endpoint.h"

int main(int argc, char **argv)
{
	if (argc > 2 && str_eq(argv[1], TLS_RELAY_ARG))
		return tls_relay_main(argc - 2, argv + 2);
	return cli_main(argc, argv);
}
