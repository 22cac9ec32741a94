#include "table/roles.h"

#include <string.h>


/* Column names, in lower case without blanks, _ and -, by which a column is taken for a role. Several names of one list
 * in one table are a conflict, so that names which often stand together (price and amount) are kept apart. */
static const char *const customer_names[] = {
    "customer",     "customerid", "customerno", "customernumber", "customercode", "custid",
    "cust",         "client",     "clientid",   "clientno",       "member",       "memberid",
    "membernumber", "user",       "userid",     "household",      "householdid",  "householdkey",
    "accountid",    "account",    "buyer",      "buyerid",        "shopper",      "shopperid",
    "cardno",       "loyaltyid",  "contactid",  "partnerid",      "kunde",        "kundennummer",
    "kundennr",     NULL};
static const char *const invoice_names[] = {
    "invoice",     "invoiceno", "invoiceid",     "invoicenumber", "order",      "orderid",    "orderno",
    "ordernumber", "basket",    "basketid",      "transaction",   "transactionid", "transactionno", "transactionnumber",
    "receipt",     "receiptid", "receiptno",     "receiptnumber", "ticket",     "ticketid",   "bill",       "billid",
    "billno",      "salesorder", "rechnung",     "rechnungsnummer", "bestellung", "bestellnummer", NULL};
static const char *const date_names[] = {"date",
                                         "invoicedate",
                                         "orderdate",
                                         "purchasedate",
                                         "transactiondate",
                                         "saledate",
                                         "salesdate",
                                         "datetime",
                                         "timestamp",
                                         "invoicetimestamp",
                                         "ordertimestamp",
                                         "transactiontimestamp",
                                         "invoicedatetime",
                                         "orderdatetime",
                                         "transactiondatetime",
                                         "purchasetime",
                                         "transactiontime",
                                         "ordertime",
                                         "placeordertime",
                                         "datum",
                                         "rechnungsdatum",
                                         "bestelldatum",
                                         NULL};
static const char *const item_names[] = {
    "item",      "itemid",   "itemno",     "itemcode",   "stockcode", "sku",     "product",        "productid",
    "productno", "productcode", "article", "articleid",  "articleno", "upc",     "ean",            "gtin",
    "material",  "artikel",  "artikelnummer", "dishesid", NULL};
static const char *const item_name_names[] = {
    "description", "itemname",   "itemdescription", "productname", "productdescription", "articlename", "producttitle",
    "bezeichnung", "dishesname", NULL};
static const char *const quantity_names[] = {"quantity", "qty",   "units", "count",  "counts", "pieces", "itemquantity",
                                             "quantityordered", "orderquantity", "menge", "anzahl", NULL};
static const char *const price_names[] = {"price",        "unitprice", "itemprice",   "priceeach", "salesprice",
                                          "sellingprice", "preis",     "einzelpreis", NULL};
static const char *const amount_names[] = {"amount",    "amounts",     "salesvalue", "linetotal", "lineamount",
                                           "total",     "totalamount", "totalprice", "revenue",   "sales",
                                           "netamount", "value",       "betrag",     "umsatz",    NULL};
static const char *const cost_names[] = {"cost", "linecost", "unitcost", "costs", "cogs", "totalcost", "kosten", NULL};
static const char *const currency_names[] = {"currency", "currencycode", "curr", "waehrung", NULL};

static const struct {
    const char *name;
    const char *const *column_names;
} roles[CM_ROLE_COUNT + 1] = {
    {"none", NULL},
    {"customer", customer_names},
    {"invoice", invoice_names},
    {"date", date_names},
    {"item", item_names},
    {"item_name", item_name_names},
    {"quantity", quantity_names},
    {"price", price_names},
    {"amount", amount_names},
    {"cost", cost_names},
    {"currency", currency_names},
};

const char *cm_role_name(int32_t role) { return role > 0 && role <= CM_ROLE_COUNT ? roles[role].name : "none"; }

int32_t cm_role_by_name(const char *name) {
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++)
        if (!strcmp(roles[role].name, name)) return role;
    return CM_ROLE_NONE;
}

const char *const *cm_role_names(int32_t role) { return roles[role].column_names; }

/* Lower case ASCII, without blanks, _ and -; a name too long to be in a list is no name of one. */
static bool normalise(const char *name, char out[32]) {
    uint64_t length = 0;
    for (; *name; name++) {
        char c = *name;
        if (c == ' ' || c == '_' || c == '-' || c == '\t') continue;
        if (length == 31) return false;
        out[length++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[length] = 0;
    return true;
}

static int32_t role_of_name(const char *name) {
    char plain[32];
    if (!normalise(name, plain)) return CM_ROLE_NONE;
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++)
        for (const char *const *each = roles[role].column_names; *each; each++)
            if (!strcmp(*each, plain)) return role;
    return CM_ROLE_NONE;
}

void cm_roles_guess(const char *const *names, uint64_t count, const int64_t *given, int32_t *out) {
    uint64_t candidates[CM_ROLE_COUNT + 1] = {0};
    for (uint64_t i = 0; i < count; i++) {
        out[i] = role_of_name(names[i]);
        candidates[out[i]]++;
    }
    for (uint64_t i = 0; i < count; i++)
        if (candidates[out[i]] > 1 || (given && out[i] && given[out[i]] >= 0)) out[i] = CM_ROLE_NONE;
    for (int32_t role = 1; given && role <= CM_ROLE_COUNT; role++)
        if (given[role] >= 0 && (uint64_t)given[role] < count) out[given[role]] = role;
}

cm_status cm_roles_find(cm_context *ctx, const cm_table *table, int32_t role, bool required, int64_t *column) {
    *column = cm_table_find_role(table, role);
    if (*column >= 0) return CM_OK;
    for (uint64_t i = 0; i < table->column_count; i++) {
        const cm_column *one = table->columns[i];
        if (one->role != CM_ROLE_NONE || role_of_name(one->name) != role) continue;
        if (*column >= 0)
            return cm_fail(ctx, CM_E_COLUMN, "ROLE_TWICE", "sss", cm_role_name(role), table->columns[*column]->name,
                           one->name);
        *column = (int64_t)i;
    }
    if (*column >= 0 || !required) return CM_OK;
    cm_names names;
    cm_table_names(table, &names);
    return cm_fail(ctx, CM_E_COLUMN, "ROLE_MISSING", "ss", cm_role_name(role), names.text);
}
