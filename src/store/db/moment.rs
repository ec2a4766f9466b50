//! How a [`Timestamp`] is stored: `timestamptz` on PostgreSQL, whole milliseconds in an integer on SQLite. Both sort as
//! they are and keep the millisecond.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Nullable, SingleValue, SqlType};

use crate::model::Timestamp;

/// The SQL type of every moment.
#[derive(Clone, Copy, Debug, QueryId, SqlType)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct UtcTimestamp;

impl<DB> ToSql<Nullable<UtcTimestamp>, DB> for Timestamp
where
    DB: Backend,
    Self: ToSql<UtcTimestamp, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        ToSql::<UtcTimestamp, DB>::to_sql(self, out)
    }
}

impl<DB> Queryable<UtcTimestamp, DB> for Timestamp
where
    DB: Backend,
    UtcTimestamp: SingleValue,
    Self: FromSql<UtcTimestamp, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

impl AsExpression<UtcTimestamp> for Timestamp {
    type Expression = Bound<UtcTimestamp, Self>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}

impl AsExpression<Nullable<UtcTimestamp>> for Timestamp {
    type Expression = Bound<Nullable<UtcTimestamp>, Self>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}

impl<'a> AsExpression<UtcTimestamp> for &'a Timestamp {
    type Expression = Bound<UtcTimestamp, &'a Timestamp>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}

impl<'a> AsExpression<Nullable<UtcTimestamp>> for &'a Timestamp {
    type Expression = Bound<Nullable<UtcTimestamp>, &'a Timestamp>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}
