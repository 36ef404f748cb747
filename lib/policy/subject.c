// SPDX-License-Identifier: Apache-2.0
/* Which Policy documents speak for an identity. */
#include <string.h>

#include "set.h"

size_t kith_policy_places(const struct kith_policy_set *set, const char *spiffe_id,
			  struct kith_policy_place *places, size_t max)
{
	const struct kith_policy_loaded *loaded = (const struct kith_policy_loaded *)set;
	size_t i, n = 0;

	for (i = 0; i < loaded->n_policies; i++)
		if (n < max && !strcmp(loaded->policies[i].subject, spiffe_id))
			places[n++] = loaded->policies[i].subject_place;
	return n;
}
