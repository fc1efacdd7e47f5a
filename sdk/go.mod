module github.com/vidocu/usher/sdk

go 1.26.0
